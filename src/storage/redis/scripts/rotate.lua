-- The rotation of a refresh token: the table of domain/rotation.rs.
local key, id, gate, presented_bytes, client = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local now, grace, idle, kept = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local end_on_mismatch, address = ARGV[9] == '1', ARGV[10]

local text = redis.call('HGET', key, id)
if not text then
  return { 'unknown' }
end
local record, presented = read(text), struct.unpack('>I8', presented_bytes)
if string.sub(redis.sha1hex(record.salt .. presented_bytes), 1, 32) ~= gate or presented >= MAX_GENERATION then
  return { 'unknown' }
end

local rest, subject = get_pieces(key, id), get_pieces(key, '')
if is_evicted(record) then
  return { 'evicted', text, rest, subject }
end
local function condemn(verdict)
  record.generation, record.parent = MAX_GENERATION, MAX_GENERATION - 1
  record.expires_at = math.min(record.expires_at, now)
  redis.call('HSET', key, id, write(record))
  return { verdict, text, rest, subject }
end

if string.sub(rest, 1, #client) ~= client then
  if end_on_mismatch then
    return condemn('other_client')
  end
  return { 'other_client', text, rest, subject }
end
if record.generation < MAX_GENERATION and record.expires_at <= now then
  return { 'expired' }
end

local verdict
if presented >= record.generation then
  verdict = presented == record.generation and 'rotated' or 'recovered'
  record.generation = presented + 1
elseif presented ~= record.parent then
  return condemn('reused')
elseif now - record.rotated_at <= grace then
  return { 'replayed', text, rest, subject }
else
  verdict = 'late_retry'
  record.generation = record.generation + 1
end
record.parent = presented
record.rotated_at = now
record.expires_at = math.min(record.ends_at, now + idle)
if address ~= '' then
  record.address = address
end
text = write(record)
redis.call('HSET', key, id, text)
keep(key, record, now, kept)
return { verdict, text, rest, subject }
