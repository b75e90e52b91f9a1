-- KEYS 1 the kill switch   ARGV 1 its settings ('' takes them back)   2 for how many ms (0: for ever)   3 channel
if ARGV[1] == '' then redis.call('DEL', KEYS[1])
elseif tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
else redis.call('SET', KEYS[1], ARGV[1]) end
redis.call('PUBLISH', ARGV[3], 'mode')
return 1
