-- How many of a person's sessions are live.
local now, live = tonumber(ARGV[1]), 0
local fields = redis.call('HGETALL', KEYS[1])
for at = 1, #fields, 2 do
  if #fields[at] == 16 and #fields[at + 1] >= RECORD_SIZE then
    local record = read(fields[at + 1])
    if record.expires_at > now and record.generation < MAX_GENERATION then
      live = live + 1
    end
  end
end
return live
