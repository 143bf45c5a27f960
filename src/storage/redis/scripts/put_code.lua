local key, client, digest, payload = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local expires_at, now = tonumber(ARGV[4]), tonumber(ARGV[5])
for _, other in ipairs(redis.call('HKEYS', key)) do
  if not live(key, other, now) then
    redis.call('HDEL', key, other)
  end
end
local before = live(key, client, now)
local attempts = before and before.attempts or 0
write(key, client, { digest = digest, attempts = attempts, expires_at = expires_at, payload = payload }, now)
