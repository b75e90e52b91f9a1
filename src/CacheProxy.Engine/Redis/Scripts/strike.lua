-- KEYS 1 control hash   ARGV 1 number 2 nonce 3 replica 4 its registration ('' for whatever it is: it leaves by itself)
local known = redis.call('HMGET', KEYS[1], 'n', 'nonce', 'r:' .. ARGV[3])
if known[1] == ARGV[1] and known[2] == ARGV[2] and (ARGV[4] == '' or known[3] == ARGV[4]) then
  return redis.call('HDEL', KEYS[1], 'r:' .. ARGV[3], 'a:' .. ARGV[3])
end
return 0
