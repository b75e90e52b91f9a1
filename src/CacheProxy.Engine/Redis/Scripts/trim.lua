-- KEYS 1 control hash   2 records   ARGV 1 number 2 nonce   3 most records   4 most bytes   5 records older than this go too (Unix seconds)
-- Removes from the oldest on until the log is within its bounds; at most 2 000 a call, so that the server is not held up.
local known = redis.call('HMGET', KEYS[1], 'n', 'nonce', 'seq', 'floor', 'bytes')
if known[1] ~= ARGV[1] or known[2] ~= ARGV[2] then return -1 end
local seq, floor, bytes = tonumber(known[3]), tonumber(known[4]), tonumber(known[5] or '0')
local oldest = redis.call('ZRANGE', KEYS[2], 0, 1999)
local from = floor
for _, record in ipairs(oldest) do
  local time = tonumber(string.match(record, '^%d+ %S+ (%d+)') or '0')
  if seq - floor <= tonumber(ARGV[3]) and bytes <= tonumber(ARGV[4]) and time >= tonumber(ARGV[5]) then break end
  floor = floor + 1
  bytes = bytes - #record
end
if floor > from then
  redis.call('HSET', KEYS[1], 'floor', string.format('%.0f', floor), 'bytes', string.format('%.0f', math.max(bytes, 0)))
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', floor))
end
return floor
