-- Up to which number of the journal everything is applied here; never lowered.
local mark = tonumber(ARGV[1])
if mark > tonumber(redis.call('GET', KEYS[1]) or 0) then
  redis.call('SET', KEYS[1], ARGV[1])
end
