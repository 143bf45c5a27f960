-- GCRA: `Rate::take`. The value is the time at which the budget is whole again.
-- Answers with the wait in microseconds; 0 if there was one left.
local key, interval, per, now = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local mark = tonumber(redis.call('GET', key) or 0)
-- Further ahead than the budget reaches, by a minute: of a clock that was wrong.
if mark > now + per + 60000000 then
  mark = now
end
local full_at = math.max(mark, now) + interval
local ahead = full_at - now
if ahead > per then
  return string.format('%.0f', ahead - per)
end
redis.call('SET', key, string.format('%.0f', full_at), 'PX', math.ceil(ahead / 1000))
return '0'
