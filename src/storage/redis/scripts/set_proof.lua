-- Replaces the rest of a live session; whether it is live.
local key, id, rest, now = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local text = redis.call('HGET', key, id)
local record = text and read(text)
if not record or record.generation >= MAX_GENERATION or record.expires_at <= now then
  return 0
end
put_pieces(key, id, rest)
return 1
