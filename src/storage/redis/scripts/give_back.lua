-- A budget that is whole is not kept: nothing of it is to be seen by those whose clock
-- is behind.
local key, interval, now = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local mark = redis.call('GET', key)
if mark and tonumber(mark) - interval > now then
  redis.call('SET', key, string.format('%.0f', tonumber(mark) - interval), 'KEEPTTL')
elseif mark then
  redis.call('DEL', key)
end
