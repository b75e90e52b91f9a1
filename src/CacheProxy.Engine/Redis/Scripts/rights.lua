-- KEYS 1 a key of ours that nobody uses   ARGV 1, 2 our channels
-- Tries each command that the scripts need and returns the refused ones. (SCAN is tried outside: Garnet, whose scripts hold the locks of
-- their keys, waits for itself for ever when a script scans a key that it wrote.)
local refused = {}
local function try(name, ...)
  local reply = redis.pcall(...)
  local failure = type(reply) == 'table' and reply.err or ''
  -- The wording differs between versions.
  for _, sign in ipairs({'NOPERM', "can't run", "can't access", "can't publish", 'no permission'}) do
    if string.find(failure, sign, 1, true) then refused[#refused + 1] = name; return end
  end
end
try('INFO', 'INFO', 'server')
try('TIME', 'TIME')
try('PUBLISH', 'PUBLISH', ARGV[1], 'rights')
try('PUBLISH', 'PUBLISH', ARGV[2], 'rights')
try('DEL', 'DEL', KEYS[1])
try('HSET', 'HSET', KEYS[1], 'a', '1')
try('HGET', 'HGET', KEYS[1], 'a')
try('HMGET', 'HMGET', KEYS[1], 'a')
try('HGETALL', 'HGETALL', KEYS[1])
try('HKEYS', 'HKEYS', KEYS[1])
try('HINCRBY', 'HINCRBY', KEYS[1], 'a', '1')
try('HDEL', 'HDEL', KEYS[1], 'a')
try('ZADD', 'ZADD', KEYS[1], '1', 'a')
try('ZCARD', 'ZCARD', KEYS[1])
try('ZRANGE', 'ZRANGE', KEYS[1], '0', '0')
try('ZRANGEBYSCORE', 'ZRANGEBYSCORE', KEYS[1], '1', '1')
try('ZREMRANGEBYSCORE', 'ZREMRANGEBYSCORE', KEYS[1], '-inf', '1')
try('SET', 'SET', KEYS[1], 'a', 'PX', '1000')
try('EXISTS', 'EXISTS', KEYS[1])
try('PTTL', 'PTTL', KEYS[1])
try('GET', 'GET', KEYS[1])
try('UNLINK', 'UNLINK', KEYS[1])
return refused
