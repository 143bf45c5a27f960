local text = redis.call('HGET', KEYS[1], ARGV[1])
if not text then
  return {}
end
return { text, get_pieces(KEYS[1], ARGV[1]), get_pieces(KEYS[1], '') }
