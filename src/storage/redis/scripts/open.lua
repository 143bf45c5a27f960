-- A new session under the limit. Answers with the subject so far, and of each
-- session that has to end its id, record and rest.
local key, id, text, rest, subject = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local policy, max, now, kept = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local written = tonumber(ARGV[9])

local live, left_over = {}, {}
local fields = redis.call('HGETALL', key)
for at = 1, #fields, 2 do
  if #fields[at] == 16 then
    local record = #fields[at + 1] >= RECORD_SIZE and read(fields[at + 1])
    if not record then
      drop(key, fields[at])
    elseif record.expires_at > now and record.generation < MAX_GENERATION then
      live[#live + 1] = { id = fields[at], text = fields[at + 1], created_at = record.created_at }
    elseif is_evicted(record) and record.expires_at + written <= now then
      left_over[#left_over + 1] = { id = fields[at], text = fields[at + 1] }
    elseif record.expires_at + kept <= now then
      drop(key, fields[at])
    end
  end
end
table.sort(live, function(a, b)
  return a.created_at < b.created_at or (a.created_at == b.created_at and a.id < b.id)
end)

local surplus = policy == 'unlimited' and 0 or #live - (max - 1)
if policy == 'refuse' and surplus > 0 then
  return { 'full' }
end
local answer = { 'opened', get_pieces(key, '') }
local function name(old)
  answer[#answer + 1] = old.id
  answer[#answer + 1] = old.text
  answer[#answer + 1] = get_pieces(key, old.id)
end
for at = 1, surplus do
  name(live[at])
  evict(key, live[at].id, read(live[at].text), now)
end
for _, old in ipairs(left_over) do
  name(old)
end
redis.call('HSET', key, id, text)
put_pieces(key, id, rest)
put_pieces(key, '', subject)
keep(key, read(text), now, kept)
return answer
