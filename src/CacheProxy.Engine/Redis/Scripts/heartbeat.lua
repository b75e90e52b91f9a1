-- ARGV 7 replica   8 sequence that it has applied (-1: nothing)   9 the id of that record ('' if unknown)   10 most records wanted
--      11 its lease in ms
local replica, applied, limit = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[10])
local same = applied >= 0 and callers_number == number and callers_nonce == nonce

-- The caller's history must be the log's own, or one of them has lived on without the other.
if same then
  local fork = applied > seq
  if not fork and applied > floor and ARGV[9] ~= '' then
    local record = redis.call('ZRANGEBYSCORE', KEYS[2], applied, applied)[1]
    fork = not record or string.match(record, '^%d+ (%S+)') ~= ARGV[9]
  end
  if fork then rotate(); number_text = string.format('%.0f', number); same = false end
end

-- The beat's number is never used twice in an epoch: who strikes a replica off by it cannot hit one that came back. The longer lease stays
-- registered, since a shorter one that arrives late must not undo it.
local beat = redis.call('HINCRBY', KEYS[1], 'beats', 1)
local registered = redis.call('HGET', KEYS[1], 'r:' .. replica)
local lease = math.max(tonumber(ARGV[11]), registered and tonumber(string.match(registered, ' (%d+)$')) or 0)
redis.call('HSET', KEYS[1], 'r:' .. replica, beat .. ' ' .. string.format('%.0f', lease))

local from = floor
if same and applied >= floor then
  from = applied
  local acknowledged = tonumber(redis.call('HGET', KEYS[1], 'a:' .. replica) or '-1')
  if applied > acknowledged then redis.call('HSET', KEYS[1], 'a:' .. replica, ARGV[8]) end
end

-- Written again, the log stays young where a full server drops what was written longest ago.
local newest = redis.call('ZRANGE', KEYS[2], -1, -1)[1]
if newest then redis.call('ZADD', KEYS[2], seq, newest) end

local records, size, at = {}, 0, from
while at < seq and #records < limit and size < 262144 do
  local part = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. string.format('%.0f', at), '+inf', 'LIMIT', 0, math.min(16, limit - #records))
  if #part == 0 then break end
  for _, record in ipairs(part) do
    records[#records + 1] = record
    size = size + #record
  end
  at = at + #part
end

local replicas = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'r:' then replicas = replicas + 1 end
end
local function time_of(record) return record and string.match(record, '^%d+ %S+ (%d+) ') or '0' end
local mode = redis.call('GET', KEYS[3])
return {
  number_text, nonce, seq, floor, records, mode or '', mode and redis.call('PTTL', KEYS[3]) or -1, replicas,
  redis.call('HGET', KEYS[1], 'bytes') or 0,
  time_of(redis.call('ZRANGE', KEYS[2], 0, 0)[1]), time_of(newest),
  string.match(about, 'connected_slaves:(%d+)') or '0', string.match(about, 'redis_mode:(%w+)') or 'standalone',
}
