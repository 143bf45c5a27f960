-- The codes of one mailbox and purpose are one hash, by client. A value is the
-- digest, the guesses so far, the end in microseconds, and the payload.
local CODE = '>c32I2I7'

local function read(text)
  local digest, attempts, expires_at, payload = struct.unpack(CODE, text)
  return { digest = digest, attempts = attempts, expires_at = expires_at, payload = string.sub(text, payload) }
end

local function write(key, client, code, now)
  local text = struct.pack(CODE, code.digest, code.attempts, code.expires_at) .. code.payload
  redis.call('HSET', key, client, text)
  local millis = math.ceil((code.expires_at - now) / 1000)
  if redis.call('PTTL', key) < millis then
    redis.call('PEXPIRE', key, millis)
  end
end

local function live(key, client, now)
  local text = redis.call('HGET', key, client)
  local code = text and read(text)
  return code and code.expires_at > now and code
end

-- What there is to say where this client has none.
local function none(key, now)
  for _, text in ipairs(redis.call('HVALS', key)) do
    if read(text).expires_at > now then
      return { 'other_client' }
    end
  end
  return { 'missing' }
end
