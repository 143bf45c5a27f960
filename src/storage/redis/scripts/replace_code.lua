local key, client, digest = KEYS[1], ARGV[1], ARGV[2]
local expires_at, now = tonumber(ARGV[3]), tonumber(ARGV[4])
local code = live(key, client, now)
if not code then
  return none(key, now)
end
code.digest = digest
code.expires_at = expires_at
write(key, client, code, now)
return { 'replaced', code.payload }
