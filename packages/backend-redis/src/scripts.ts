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

/**
 * Counts finished members of chords. KEYS: the group's key of each. ARGV: the life in milliseconds or '', '1' where parts
 * are ordered, how long a complete chord is remembered, then for each part: the task id as JSON, its position or '', the
 * entry, the token of the call. Answers for each part: nil, all entries if it completed the set, or a text that says what
 * failed.
 */
export const COUNT = `
local life, ordered, memory = ARGV[1], ARGV[2] == '1', ARGV[3]

local function keep(key, ms)
  if ms ~= '' then redis.call('PEXPIRE', key, ms) end
end

local function names(entry, id)
  local _, at = string.find(entry, '^%[1,%s*')
  return at and string.sub(entry, at + 1, at + #id) == id
end

local function isNew(group, id, position)
  if position == '' then
    local new = redis.call('SADD', group .. '.i', id) == 1
    keep(group .. '.i', life)
    return new
  end
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', group .. '.j', position, position)) do
    if names(entry, id) then return false end
  end
  return true
end

local function join(group, position, entry)
  if not ordered then return redis.call('RPUSH', group .. '.j', entry) end
  local joined = redis.call('ZCARD', group .. '.j')
  -- behind every position there is, in the order of arrival
  local score = position == '' and string.format('%.0f', 4503599627370496 + joined) or position
  redis.call('ZADD', group .. '.j', score, entry)
  return joined + 1
end

local function entries(group)
  if ordered then return redis.call('ZRANGE', group .. '.j', 0, -1, 'WITHSCORES') end
  return redis.call('LRANGE', group .. '.j', 0, -1)
end

local function shorten(key)
  local left = redis.call('PTTL', key)
  if left == -1 or left > tonumber(memory) then redis.call('PEXPIRE', key, memory) end
end

local function count(group, id, position, entry, token)
  local completedBy = redis.call('GET', group .. '.c')
  if completedBy then return completedBy == token and entries(group) end
  if not isNew(group, id, ordered and position or '') then return false end
  local joined = join(group, position, entry)
  local size = redis.call('GET', group .. '.s')
  if size and joined == tonumber(size) + tonumber(redis.call('GET', group .. '.t') or 0) then
    local all = entries(group)
    redis.call('SET', group .. '.c', token, 'PX', memory)
    redis.call('DEL', group .. '.s', group .. '.t')
    shorten(group .. '.j')
    shorten(group .. '.i')
    return all
  end
  keep(group .. '.j', life)
  keep(group .. '.t', life)
  keep(group .. '.s', life)
  return false
end

local answers = {}
for at, group in ipairs(KEYS) do
  local first = 4 * at
  local ok, answer = pcall(count, group, ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3])
  if ok then answers[at] = answer
  else answers[at] = type(answer) == 'table' and answer.err or tostring(answer) end
end
return answers
`;
