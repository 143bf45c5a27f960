-- The sessions of one person are one hash. Its fields, by the length of the name:
--   16  the id of a session: its record
--   17  that id and a number from 1: the rest of the session, in pieces
--    1  a number from 1: the person's subject, in pieces
-- No value is longer than 64 bytes, so that the hash stays a listpack.
local PIECE = 64
-- salt, generation, generation - parent, created_at, and as differences to it
-- rotated_at, expires_at and ends_at; then the address. Times in microseconds.
local RECORD = '>c16I4I3I7i6i6i6'
local RECORD_SIZE = 48
local MAX_GENERATION = 4294967295

local function read(text)
  local salt, generation, behind, created_at, rotated, expires, ends, rest = struct.unpack(RECORD, text)
  return {
    salt = salt,
    generation = generation,
    parent = generation - behind,
    created_at = created_at,
    rotated_at = created_at + rotated,
    expires_at = created_at + expires,
    ends_at = created_at + ends,
    address = string.sub(text, rest),
  }
end

local function write(record)
  local created_at = record.created_at
  return struct.pack(
    RECORD,
    record.salt,
    record.generation,
    math.min(record.generation - record.parent, 16777215),
    created_at,
    record.rotated_at - created_at,
    record.expires_at - created_at,
    record.ends_at - created_at
  ) .. record.address
end

local function piece(id, number)
  return id .. string.char(number)
end

local function get_pieces(key, id)
  local text, number = '', 0
  repeat
    number = number + 1
    local part = redis.call('HGET', key, piece(id, number)) or ''
    text = text .. part
  until #part < PIECE
  return text
end

local function drop_pieces(key, id, number)
  while redis.call('HDEL', key, piece(id, number)) == 1 do
    number = number + 1
  end
end

local function put_pieces(key, id, text)
  local number = 1
  for start = 1, #text, PIECE do
    redis.call('HSET', key, piece(id, number), string.sub(text, start, start + PIECE - 1))
    number = number + 1
  end
  drop_pieces(key, id, number)
end

-- Whether it was there.
local function drop(key, id)
  drop_pieces(key, id, 1)
  return redis.call('HDEL', key, id)
end

-- It made room for another: its tokens are worth nothing, and its record stays until
-- the journal has its end.
local function evict(key, id, record, now)
  record.generation, record.parent = MAX_GENERATION, MAX_GENERATION
  record.expires_at = math.min(record.expires_at, now)
  redis.call('HSET', key, id, write(record))
end

local function is_evicted(record)
  return record.parent == MAX_GENERATION
end

-- A subject without a session is of no use.
local function tidy(key)
  for _, name in ipairs(redis.call('HKEYS', key)) do
    if #name == 16 then
      return
    end
  end
  redis.call('DEL', key)
end

-- The key outlives its last session by so long that its client is told that it
-- expired, and not that it never was.
local function keep(key, record, now, kept)
  local millis = math.ceil((record.expires_at - now + kept) / 1000)
  if redis.call('PTTL', key) < millis then
    redis.call('PEXPIRE', key, millis)
  end
end
