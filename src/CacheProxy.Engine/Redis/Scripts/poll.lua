-- KEYS 1 control hash   ARGV 1 number 2 nonce: acknowledgements count only in the epoch of the append
local known = redis.call('HMGET', KEYS[1], 'n', 'nonce')
if known[1] ~= ARGV[1] or known[2] ~= ARGV[2] then return {} end
return redis.call('HGETALL', KEYS[1])
