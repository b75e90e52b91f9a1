-- KEYS 4 what remembers the purge's id
-- ARGV 7 the purge's id (no spaces)   8 its JSON   9 channel   10 seconds to remember the id
local remembered = redis.call('GET', KEYS[4])
local old = remembered and string.sub(remembered, 1, #nonce + 1) == nonce .. ' ' and tonumber(string.sub(remembered, #nonce + 2))
-- Delivered again: nothing to add, all to wait for.
if old then
  return {number_text, nonce, old, redis.call('HGETALL', KEYS[1]), 1, floor, redis.call('HGET', KEYS[1], 'bytes') or 0, seq}
end

-- Who hears of this record must have the one before it; its number alone does not say so after a roll-back.
local newest = redis.call('ZRANGE', KEYS[2], -1, -1)[1]
local previous = newest and string.match(newest, '^%d+ (%S+)') or '-'
seq = seq + 1
local record = string.format('%.0f', seq) .. ' ' .. ARGV[7] .. ' ' .. redis.call('TIME')[1] .. ' ' .. ARGV[8]
redis.call('ZADD', KEYS[2], seq, record)
redis.call('HSET', KEYS[1], 'seq', string.format('%.0f', seq))
local bytes = redis.call('HINCRBY', KEYS[1], 'bytes', #record)
redis.call('SET', KEYS[4], nonce .. ' ' .. string.format('%.0f', seq), 'EX', ARGV[10])
redis.call('PUBLISH', ARGV[9], number_text .. ' ' .. nonce .. ' ' .. previous .. ' ' .. record)
-- The registry of this very step: who is not in it begins with this record, or after it.
return {number_text, nonce, seq, redis.call('HGETALL', KEYS[1]), 0, floor, bytes, seq}
