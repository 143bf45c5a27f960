local was_there = drop(KEYS[1], ARGV[1])
tidy(KEYS[1])
return was_there
