-- The subject, and of each session its id, record and rest.
local answer = { get_pieces(KEYS[1], '') }
for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #id == 16 then
    answer[#answer + 1] = id
    answer[#answer + 1] = redis.call('HGET', KEYS[1], id)
    answer[#answer + 1] = get_pieces(KEYS[1], id)
  end
end
return answer
