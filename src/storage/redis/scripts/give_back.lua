local key, interval = KEYS[1], tonumber(ARGV[1])
local mark = redis.call('GET', key)
if mark then
  redis.call('SET', key, string.format('%.0f', tonumber(mark) - interval), 'KEEPTTL')
end
