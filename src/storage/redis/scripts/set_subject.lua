-- Of a person who has sessions.
if redis.call('EXISTS', KEYS[1]) == 1 then
  put_pieces(KEYS[1], '', ARGV[1])
end
return 1
