-- Put in front of heartbeat.lua and append.lua: decides whether this log may be trusted, and begins a new epoch where it may not.
--
-- KEYS 1 control hash   2 records (sorted set, score = sequence number)   3 the kill switch
-- ARGV 1 number and 2 nonce of the epoch that the caller knows (0 and '' if none)   3 a fresh nonce
--      4 '1' to rotate away from a newer epoch that is out of reach   5 the kill switch as the caller knows it ('' if unset)
--      6 what is left of it in ms (0: for ever)
--
-- A log lives only in the life of the server that wrote it: run_id changes with the process, master_replid with every change of role.
local about = redis.call('INFO', 'server') .. redis.call('INFO', 'replication')
local run = string.match(about, 'run_id:(%w+)')
local replication = string.match(about, 'master_replid:(%w+)')
-- A replica that accepts writes would keep a log of its own.
if string.match(about, 'role:(%w+)') ~= 'master' then return {err = 'NOTMASTER this server is a replica'} end
if not (run and replication) then return {err = 'NOLIFE INFO does not say run_id and master_replid'} end
local life = run .. ':' .. replication

local known = redis.call('HMGET', KEYS[1], 'n', 'nonce', 'life', 'seq', 'floor')
local number, nonce, seq, floor = tonumber(known[1]), known[2], tonumber(known[4]), tonumber(known[5])
local callers_number, callers_nonce = tonumber(ARGV[1]), ARGV[2]

local function rotate()
  -- Time ranks epochs; the maximum keeps a clock that was set back from making an older one.
  local now = redis.call('TIME')
  number = math.max(number or 0, callers_number, now[1] * 1000 + math.floor(now[2] / 1000)) + 1
  nonce, seq, floor = ARGV[3], 0, 0
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'n', string.format('%.0f', number), 'nonce', nonce, 'life', life, 'seq', 0, 'floor', 0, 'bytes', 0)
  if ARGV[5] ~= '' and redis.call('EXISTS', KEYS[3]) == 0 then
    if tonumber(ARGV[6]) > 0 then redis.call('SET', KEYS[3], ARGV[5], 'PX', ARGV[6]) else redis.call('SET', KEYS[3], ARGV[5]) end
  end
end

if not (number and nonce and seq and floor) or known[3] ~= life then
  rotate() -- flushed, evicted, restarted or failed over
elseif redis.call('ZCARD', KEYS[2]) ~= seq - floor then
  rotate() -- records were evicted
elseif callers_number > number and ARGV[4] ~= '1' then
  return {err = 'STALEMASTER ' .. string.format('%.0f', number)}
elseif callers_number > number or (callers_number == number and callers_nonce ~= nonce) then
  rotate() -- a rival epoch of the same rank, or one that nobody can reach any more
end
local number_text = string.format('%.0f', number)
