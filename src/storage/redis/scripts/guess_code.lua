-- Strings are interned: to compare two takes the same time whatever is in them.
local key, client, digest = KEYS[1], ARGV[1], ARGV[2]
local max, now = tonumber(ARGV[3]), tonumber(ARGV[4])
local code = live(key, client, now)
if not code then
  return none(key, now)
end
code.attempts = code.attempts + 1
local is_right = code.digest == digest and code.attempts <= max
if is_right or code.attempts >= max then
  redis.call('HDEL', key, client)
else
  write(key, client, code, now)
end
if is_right then
  return { 'right', code.payload }
end
return { 'wrong', tostring(math.max(max - code.attempts, 0)) }
