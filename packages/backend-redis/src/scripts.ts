/** What Redis does in one step, in Lua. Scripts are sent once per connection and then called by their hash. */

/**
 * Keeps and publishes states, one after another. KEYS: the tasks' keys. ARGV: the life in milliseconds or '', then a meta
 * for each key. The status is the first member in all that Celery 5 and tq write, so its first bytes tell; another
 * layout is read whole.
 */
export const STORE = `
local life = ARGV[1]

local function isSuccess(key)
  local head = redis.pcall('GETRANGE', key, 0, 31)
  if type(head) ~= 'string' or head == '' then return false end
  if string.find(head, '^{"status": ?"') then return string.find(head, '^{"status": ?"SUCCESS"') ~= nil end
  local read = string.byte(head) == 123 and cjson.decode or cmsgpack.unpack
  local ok, meta = pcall(read, redis.call('GET', key))
  return ok and type(meta) == 'table' and meta.status == 'SUCCESS'
end

for at, key in ipairs(KEYS) do
  local meta = ARGV[at + 1]
  if not isSuccess(key) then
    if life == '' then redis.call('SET', key, meta)
    elseif #life > 3 and string.sub(life, -3) == '000' then redis.call('SETEX', key, string.sub(life, 1, -4), meta)
    else redis.call('PSETEX', key, life, meta) end
    redis.call('PUBLISH', key, meta)
  end
end
return #KEYS
`;

/** Marks a chord that is over, in the place of the claim on it. */
const DONE = 'done';

/**
 * Counts finished members of chords as Celery 5.7 does, and finds what older ones have counted. KEYS: the group's key of
 * each. ARGV: the life in milliseconds or '', '1' where parts are ordered, the lease of a claim, then for each part: the
 * task id, its position or '', the entry, who would send the body. Answers for each part: nil while others are missing, all
 * entries to whoever has the claim, how long somebody else still has it, or a text that says what failed.
 */
export const COUNT = `
local life, ordered, lease = ARGV[1], ARGV[2] == '1', ARGV[3]

local function sizeOf(group)
  return redis.call(ordered and 'ZCARD' or 'LLEN', group .. '.j')
end

local function idOf(entry)
  local text = string.match(entry, '^%[1,%s*("[^"]*")')
  if text and not string.find(text, '\\\\') then return string.sub(text, 2, -2) end
  text = string.match(entry, '^%[1,%s*(".-[^\\\\]")')
  local ok, ids = pcall(cjson.decode, '[' .. (text or '') .. ']')
  return ok and ids[1]
end

-- Celery before 5.7 adds entries without telling whose in .d
local function hasUnnamed(group)
  return sizeOf(group) > redis.call('SCARD', group .. '.d')
end

local function standsAlready(group, id, position)
  local entries
  if ordered then
    local score = position == '' and '+inf' or position
    entries = redis.call('ZRANGEBYSCORE', group .. '.j', score, score)
  else
    entries = redis.call('LRANGE', group .. '.j', 0, -1)
  end
  for _, entry in ipairs(entries) do
    if idOf(entry) == id then return true end
  end
  return false
end

local function join(group, id, position, entry)
  local member = id .. ':' .. (position == '' and '+inf' or position)
  if redis.call('SISMEMBER', group .. '.d', member) == 1 then return end
  if not (hasUnnamed(group) and standsAlready(group, id, position)) then
    if ordered then
      -- behind every position there is, in the order of arrival
      local score = position == '' and string.format('%.0f', 4503599627370496 + sizeOf(group)) or position
      redis.call('ZADD', group .. '.j', score, entry)
    else
      redis.call('RPUSH', group .. '.j', entry)
    end
  end
  redis.call('SADD', group .. '.d', member)
end

local function entries(group)
  if ordered then return redis.call('ZRANGE', group .. '.j', 0, -1, 'WITHSCORES') end
  return redis.call('LRANGE', group .. '.j', 0, -1)
end

-- What an older Celery has counted twice goes; whether anything did.
local function dropRepeated(group)
  local all, seen, dropped = entries(group), {}, false
  for at = 1, #all, ordered and 2 or 1 do
    local id = idOf(all[at])
    local key = id and id .. ':' .. (ordered and all[at + 1] or '')
    if key and seen[key] then
      dropped = true
      if ordered then redis.call('ZREM', group .. '.j', all[at])
      else redis.call('LREM', group .. '.j', -1, all[at]) end
    elseif key then
      seen[key] = true
    end
  end
  return dropped
end

local function isComplete(group)
  local size = redis.call('GET', group .. '.s')
  if not size then return false end
  local wanted = tonumber(size) + tonumber(redis.call('GET', group .. '.t') or 0)
  if sizeOf(group) < wanted then return false end
  return not (hasUnnamed(group) and dropRepeated(group)) or sizeOf(group) >= wanted
end

local function count(group, id, position, entry, by)
  local claim = redis.call('GET', group .. '.c')
  if claim == '${DONE}' then return false end
  join(group, id, position, entry)
  if not isComplete(group) then return false end
  if claim and claim ~= by then return math.max(1, redis.call('PTTL', group .. '.c')) end
  redis.call('SET', group .. '.c', by, 'PX', lease)
  return entries(group)
end

local answers, touched = {}, {}
for at, group in ipairs(KEYS) do
  local first = 4 * at
  local ok, answer = pcall(count, group, ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3])
  if ok then answers[at] = answer
  else answers[at] = type(answer) == 'table' and answer.err or tostring(answer) end
  touched[group] = life ~= ''
end
for group, expires in pairs(touched) do
  for _, key in ipairs(expires and { '.j', '.t', '.s', '.d', '' } or {}) do
    redis.call('PEXPIRE', group .. key, life)
  end
end
return answers
`;

/** Begins the count of a chord. KEYS: the group's. ARGV: the life in milliseconds or '', the size. */
export const SIZE = `
redis.call('DEL', KEYS[1] .. '.c')
redis.call('SET', KEYS[1] .. '.s', ARGV[2])
if ARGV[1] ~= '' then redis.call('PEXPIRE', KEYS[1] .. '.s', ARGV[1]) end
return 1
`;

/**
 * Adds to the size of a chord, once however often the call is sent. KEYS: the group's. ARGV: the life in milliseconds or '',
 * by how much, the token of the call, how long that is remembered.
 */
export const GROW = `
if redis.call('SADD', KEYS[1] .. '.g', ARGV[3]) == 0 then return 0 end
redis.call('PEXPIRE', KEYS[1] .. '.g', ARGV[4])
redis.call('INCRBY', KEYS[1] .. '.t', ARGV[2])
if ARGV[1] ~= '' then redis.call('PEXPIRE', KEYS[1] .. '.t', ARGV[1]) end
return 1
`;

/** Ends a chord. KEYS: the group's. ARGV: how long that is remembered. */
export const END = `
for _, key in ipairs({ '.j', '.t', '.s', '.d', '.g' }) do redis.call('DEL', KEYS[1] .. key) end
redis.call('SET', KEYS[1] .. '.c', '${DONE}', 'PX', ARGV[1])
return 1
`;
