-- KEYS 1 control hash   ARGV 1 number 2 nonce 3 replica 4 applied 5 channel
local known = redis.call('HMGET', KEYS[1], 'n', 'nonce', 'r:' .. ARGV[3], 'a:' .. ARGV[3])
-- Another epoch, or struck off: whoever waits has waited the lease out, or will.
if known[1] ~= ARGV[1] or known[2] ~= ARGV[2] or not known[3] then return 0 end
if tonumber(ARGV[4]) > tonumber(known[4] or '-1') then
  redis.call('HSET', KEYS[1], 'a:' .. ARGV[3], ARGV[4])
  redis.call('PUBLISH', ARGV[5], ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
end
return 1
