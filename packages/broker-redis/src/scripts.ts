/** What must happen in one step at the server. Times are the server's own. */
import { createHash } from 'node:crypto';

export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

const NOW = `
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local function moment(at) return string.format('%.6f', at) end
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
`;

/**
 * Takes up to `max` messages of about `budget` bytes at most, and records them as held.
 * KEYS: for each priority step the queues' lists. Nothing else is named there: the server tells of the changes of every
 * key that is named to a script which has read any.
 * ARGV: unacked, index, leases, max, budget, lease in seconds, separator, length of the key prefix, base of new tags,
 * first number of new tags, number of queues, and for each queue how many of the max it may give before the others
 * have had their turn.
 * Gives (number of the list, tag, text) of each message, flat. With room left it has looked at every list, which is
 * what makes the server tell of their changes, see `Waiters`; if all are empty now, a 0 stands at the end.
 *
 * The address and the tag stand at the end of an envelope that a Celery peer has written. Whatever looks different is
 * parsed; what can't be, is recorded as a string.
 */
export const TAKE = script(String.raw`
local unacked, index, leases = ARGV[1], ARGV[2], ARGV[3]
local max, budget, lease, sep = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local prefix, base, serial, width = tonumber(ARGV[8]), ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])
local address = [[^"delivery_info": ?{"exchange": ?("[^"\]*"), ?"routing_key": ?("[^"\]*")([^{}\]*)}([^{}\]*)"}}$]]
local out, tags, records, from = {}, {}, {}, {}
local count, bytes, largest = 0, 0, 1

local function fresh()
  serial = serial + 1
  return base .. string.format('%012x', serial)
end

local function parsed(text, list)
  local queue = string.sub(KEYS[(list - 1) % width + 1], prefix + 1)
  local ok, doc = pcall(cjson.decode, text)
  if not ok or type(doc) ~= 'table' then
    return fresh(), '[' .. cjson.encode(text) .. ', "", ' .. cjson.encode(queue) .. ']'
  end
  local properties = type(doc.properties) == 'table' and doc.properties or {}
  local info = type(properties.delivery_info) == 'table' and properties.delivery_info or {}
  local tag = properties.delivery_tag
  if type(tag) == 'number' then tag = string.format('%.0f', tag) end
  if type(tag) ~= 'string' or tag == '' or info.redelivered == true then tag = fresh() end
  local exchange = type(info.exchange) == 'string' and info.exchange or ''
  local key = type(info.routing_key) == 'string' and info.routing_key or queue
  return tag, '[' .. text .. ', ' .. cjson.encode(exchange) .. ', ' .. cjson.encode(key) .. ']'
end

local function ending(text)
  local at, next = nil, string.find(text, '"delivery_info":', -512, true)
  while next do
    at, next = next, string.find(text, '"delivery_info":', next + 1, true)
  end
  if not at then return nil end
  local exchange, key, more, rest = string.match(text, address, at)
  local _, quote = string.find(rest or '', '"delivery_tag":', 1, true)
  if not quote then return nil end
  if string.byte(rest, quote + 1) == 32 then quote = quote + 1 end
  local tag = string.sub(rest, quote + 2)
  if tag == '' or string.byte(rest, quote + 1) ~= 34 or string.find(tag, '"', 1, true) then return nil end
  return exchange, key, more, tag
end

local function note(text, list)
  local exchange, key, more, tag = ending(text)
  local record
  if not tag then
    tag, record = parsed(text, list)
  else
    -- Who held it before may still think so: every hold has a tag of its own.
    if more ~= '' and string.find(more, '"redelivered": ?true') then tag = fresh() end
    record = '[' .. text .. ', ' .. exchange .. ', ' .. key .. ']'
  end
  count = count + 1
  tags[count], records[count], from[count] = tag, record, list
  out[3 * count - 2], out[3 * count - 1], out[3 * count] = list, tag, text
  bytes = bytes + #text
  if #text > largest then largest = #text end
end

local function drain(list, most)
  local chunk = 1
  while most > 0 and bytes < budget do
    local texts = redis.call('RPOP', KEYS[list], chunk)
    if not texts then return end
    for i = 1, #texts do note(texts[i], list) end
    if #texts < chunk then return end
    most = most - chunk
    chunk = math.min(most, 100, math.max(1, math.floor((budget - bytes) / largest)))
  end
end

for first = 1, #KEYS, width do
  for q = 0, width - 1 do drain(first + q, math.min(tonumber(ARGV[12 + q]), max - count)) end
  if width > 1 then
    for q = 0, width - 1 do drain(first + q, max - count) end
  end
  if count >= max or bytes >= budget then break end
end

if count < max and bytes < budget then
  local left = 0
  for i = 1, #KEYS do left = left + redis.call('LLEN', KEYS[i]) end
  if left == 0 then out[3 * count + 1] = 0 end
end
if count == 0 then return out end
${NOW}
-- A microsecond apart, so that they can be put back in order.
local function scored(names, first, step)
  local args = {}
  for i = 1, count do args[2 * i - 1], args[2 * i] = first + i * step, names[i] end
  return args
end

if redis.call('ZADD', index, 'NX', unpack(scored(tags, now, 0.000001))) < count then
  -- Two messages with one tag: kombu would lose one of them.
  local known, seen = redis.call('HMGET', unacked, unpack(tags)), {}
  for i = 1, count do
    if known[i] or seen[tags[i]] then
      tags[i] = fresh()
      out[3 * i - 1] = tags[i]
    end
    seen[tags[i]] = true
  end
  redis.call('ZADD', index, unpack(scored(tags, now, 0.000001)))
end
local fields, members = {}, {}
for i = 1, count do
  fields[2 * i - 1], fields[2 * i] = tags[i], records[i]
  members[i] = tags[i] .. sep .. KEYS[from[i]]
end
redis.call('HSET', unacked, unpack(fields))
redis.call('ZADD', leases, unpack(scored(members, micros + lease * 1000000, 1)))
return out
`);

/**
 * Keeps what is still ours. KEYS: index, leases. ARGV: lease in seconds, separator, then members of the leases.
 */
export const RENEW = script(String.raw`
local index, leases, lease, sep = KEYS[1], KEYS[2], tonumber(ARGV[1]), ARGV[2]
${NOW}
local held, kept = {}, {}
for i = 3, #ARGV do
  local member = ARGV[i]
  if redis.call('ZSCORE', leases, member) then
    local n = #held
    held[n + 1], held[n + 2] = moment(now + i / 1000000), string.sub(member, 1, string.find(member, sep, 1, true) - 1)
    kept[n + 1], kept[n + 2] = micros + lease * 1000000 + i, member
  end
end
if #held > 0 then
  redis.call('ZADD', index, 'XX', unpack(held))
  redis.call('ZADD', leases, 'XX', unpack(kept))
end
return #held / 2
`);

/**
 * What has been held for too long: members of the leases that have passed, and tags that nobody renewed for `age`
 * seconds, which is kombu's rule. KEYS: leases, index. ARGV: age, the most of each.
 */
export const EXPIRED = script(String.raw`
local age, most = tonumber(ARGV[1]), ARGV[2]
${NOW}
return {
  redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', micros, 'LIMIT', 0, most),
  redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', moment(now - age), 'LIMIT', 0, most),
}
`);

/**
 * Ends holds and puts their messages back in front, the first of the list last. KEYS: unacked, index, leases, then the
 * lists they go to. ARGV: rule, age; then for each hold its tag, its member of the leases or '', its new text, and the
 * numbers of its lists. The rule says who may lose it: `mine` is what the caller holds, `lease` whoever let it pass,
 * `age` whoever let `age` seconds pass. Gives how many were put back.
 */
export const GIVE_BACK = script(String.raw`
local unacked, index, leases, rule, age = KEYS[1], KEYS[2], KEYS[3], ARGV[1], tonumber(ARGV[2])
${NOW}
local function lost(tag, member)
  if rule == 'age' then
    local since = redis.call('ZSCORE', index, tag)
    return since and tonumber(since) <= now - age
  end
  local expires = redis.call('ZSCORE', leases, member)
  return expires and (rule == 'mine' or tonumber(expires) <= micros)
end
local count = 0
for i = 3, #ARGV, 4 do
  local tag, member, text = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if lost(tag, member) then
    if redis.call('HDEL', unacked, tag) == 1 then
      for list in string.gmatch(ARGV[i + 3], '%d+') do redis.call('RPUSH', KEYS[3 + tonumber(list)], text) end
      count = count + 1
    end
    redis.call('ZREM', index, tag)
    if member ~= '' then redis.call('ZREM', leases, member) end
  end
end
return count
`);

/** Gives a lock up if it is still ours. KEYS: the lock. ARGV: our token. */
export const UNLOCK = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);

/**
 * Notes that a queue is in use. KEYS: expiring, lives, then the queue's lists. ARGV: queue, and after how many
 * milliseconds without use it goes: '' if as is known, 0 if it stays. Gives the milliseconds, or nil. Lists get the
 * same time to live, as kombu's do, for the case that nobody is left to look.
 */
export const USE = script(String.raw`
local queue, life = ARGV[1], ARGV[2]
if life == '' then life = string.match(redis.call('HGET', KEYS[2], queue) or '', '^%d+') end
if not life then return nil end
life = tonumber(life)
if life == 0 then
  if redis.call('HDEL', KEYS[2], queue) == 1 then
    redis.call('ZREM', KEYS[1], queue)
    for i = 3, #KEYS do redis.call('PERSIST', KEYS[i]) end
  end
  return nil
end
${NOW}
redis.call('HSET', KEYS[2], queue, life)
redis.call('ZADD', KEYS[1], math.floor(now * 1000) + life, queue)
for i = 3, #KEYS do redis.call('PEXPIRE', KEYS[i], life) end
return life
`);

/** Queues to look at. KEYS: expiring. ARGV: the most. */
export const OVERDUE = script(String.raw`
${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', math.floor(now * 1000), 'LIMIT', 0, ARGV[1])
`);

/**
 * Removes a queue: at once, or only if it is overdue. KEYS: expiring, lives, kombu's lasting bindings and bindings of
 * the exchange of the queue's name, then the queue's lists, then whatever the commands touch. ARGV: queue, 'now' or
 * 'overdue', for how many milliseconds it is looked after, number of lists, and a command for each of its bindings, as
 * JSON. Gives 1 if the queue was there.
 *
 * A queue that kombu knows as one that stays isn't ours to remove; nor is one whose messages a Python peer keeps alive,
 * or that somebody has bound anew since it went.
 */
export const REMOVE = script(String.raw`
local expiring, lives, queue, late, width = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
${NOW}
now = math.floor(now * 1000)
local life, gone = string.match(redis.call('HGET', lives, queue) or '', '^(%d+) ?(%d*)$')
local function forget()
  redis.call('HDEL', lives, queue)
  redis.call('ZREM', expiring, queue)
  return 0
end
if ARGV[2] == 'overdue' then
  local look = redis.call('ZSCORE', expiring, queue)
  if not life then return forget() end
  if not look or tonumber(look) > now then return 0 end
  if redis.call('EXISTS', KEYS[3]) == 1 or (gone ~= '' and redis.call('EXISTS', KEYS[4]) == 1) then return forget() end
  local left = 0
  for i = 5, 4 + width do left = math.max(left, redis.call('PTTL', KEYS[i])) end
  if left > 0 then
    redis.call('ZADD', expiring, now + left, queue)
    return 0
  end
end
for i = 5, 4 + width do redis.call('DEL', KEYS[i]) end
for i = 5, #ARGV do redis.call(unpack(cjson.decode(ARGV[i]))) end
if not life then return 1 end
local since = gone == '' and now or tonumber(gone)
if now - since > late then return forget() end
redis.call('HSET', lives, queue, life .. ' ' .. string.format('%.0f', since))
redis.call('ZADD', expiring, now + math.max(tonumber(life), now - since), queue)
return gone == '' and 1 or 0
`);

/**
 * Binds a queue that expires by kombu's own rule: it keeps such bindings until the exchange's deadline.
 * KEYS: bindings, deadlines. ARGV: member, exchange, milliseconds.
 */
export const BIND_FOR_A_WHILE = script(String.raw`
${NOW}
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], 'GT', math.floor(now * 1000) + tonumber(ARGV[3]), ARGV[2])
`);
