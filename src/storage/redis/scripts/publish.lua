-- Adds lines to the stream of revocations, and lets go of those that are so old
-- that no access token lives that they could strike.
local time = redis.call('TIME')
local oldest = math.max(tonumber(time[1]) * 1000 - tonumber(ARGV[1]), 0)
for at = 2, #ARGV do
  redis.call('XADD', KEYS[1], 'MINID', '~', string.format('%.0f', oldest), '*', 'revocation', ARGV[at])
end
