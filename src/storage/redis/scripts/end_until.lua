-- Ends what began until then; how many of them were live.
local key, until_then, live = KEYS[1], tonumber(ARGV[1]), 0
local fields = redis.call('HGETALL', key)
for at = 1, #fields, 2 do
  if #fields[at] == 16 then
    -- What cannot be read must not keep the rest.
    local record = #fields[at + 1] >= RECORD_SIZE and read(fields[at + 1])
    if not record or record.created_at <= until_then then
      drop(key, fields[at])
      if record and record.expires_at > until_then then
        live = live + 1
      end
    end
  end
end
tidy(key)
return live
