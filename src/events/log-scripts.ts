/**
 * The scripts that write the log. Each is one atomic change in Redis: the event in both streams, the record that
 * follows from it, and the indexes agree at every moment, whatever is killed in between.
 *
 * Keys, in all: record, all, the set that the operation is in (of those that wait or run, or of proposals), feed, events of
 * the operation, claims: a hash of resource to {operation: mode} as JSON.
 */

/** ARGV[1]: id, ARGV[5]: claims as JSON. Answers EXCLUDED where another operation holds what conflicts. */
const TAKE_CLAIMS = `
local claims = cjson.decode(ARGV[5])
local holders = {}
for index, claim in ipairs(claims) do
  local held = redis.call('HGET', KEYS[6], claim.resource)
  holders[index] = held and cjson.decode(held) or {}
  for holder, mode in pairs(holders[index]) do
    if mode == 'EXCLUSIVE' or claim.mode == 'EXCLUSIVE' then return {'EXCLUDED', holder} end
  end
end
for index, claim in ipairs(claims) do
  holders[index][ARGV[1]] = claim.mode
  redis.call('HSET', KEYS[6], claim.resource, cjson.encode(holders[index]))
end
`

/** ARGV: id, record, event, score, claims as JSON, fingerprint, key lifetime in seconds. KEYS[7]: idempotency key. */
export const CREATE_SCRIPT = `
if KEYS[7] ~= '' then
  local known = redis.call('HMGET', KEYS[7], 'fingerprint', 'operation')
  if known[1] then
    if known[1] == ARGV[6] then return {'EXISTING', known[2]} end
    return {'KEY_CONFLICT', known[2]}
  end
end
${TAKE_CLAIMS}local cursor = redis.call('XADD', KEYS[4], '*', 'event', ARGV[3])
redis.call('XADD', KEYS[5], cursor, 'event', ARGV[3])
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'sequence', 1, 'attempt', 0, 'claims', ARGV[5], 'last', cursor)
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
if KEYS[7] ~= '' then
  redis.call('HSET', KEYS[7], 'fingerprint', ARGV[6], 'operation', ARGV[1])
  redis.call('EXPIRE', KEYS[7], ARGV[7])
end
return {'CREATED', cursor}
`

/**
 * Of a proposal. ARGV: id, record, event, expected sequence, claims as JSON, token (kept as in the script below), score: it is
 * among the newest again, where what looks at the newest finds it. KEYS[7]: the set of those that wait or run.
 */
export const ADMIT_SCRIPT = `
local sequence, token, last = unpack(redis.call('HMGET', KEYS[1], 'sequence', 'token', 'last'))
if token == ARGV[6] then return {'ADMITTED', last} end
if sequence ~= ARGV[4] then return {'DECIDED', sequence or ''} end
${TAKE_CLAIMS}
local cursor = redis.call('XADD', KEYS[4], '*', 'event', ARGV[3])
redis.call('XADD', KEYS[5], cursor, 'event', ARGV[3])
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'sequence', sequence + 1, 'claims', ARGV[5], 'last', cursor,
  'token', ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[7], ARGV[1])
redis.call('SREM', KEYS[3], ARGV[1])
redis.call('SADD', KEYS[7], ARGV[1])
return {'ADMITTED', cursor}
`

/**
 * ARGV: id, record, event, expected sequence, attempt after the event, '1' when it ends the operation, feed length,
 * token. The token of the last event is kept: a writer that was cut off from Redis before the answer repeats the call
 * and finds that it was done.
 */
export const APPEND_SCRIPT = `
local sequence, token, last = unpack(redis.call('HMGET', KEYS[1], 'sequence', 'token', 'last'))
if token == ARGV[8] then return {'OK', last} end
if sequence ~= ARGV[4] then return {'STALE', sequence or ''} end
local cursor = redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[7], '*', 'event', ARGV[3])
redis.call('XADD', KEYS[5], cursor, 'event', ARGV[3])
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'sequence', sequence + 1, 'attempt', ARGV[5], 'last', cursor,
  'token', ARGV[8])
if ARGV[6] == '1' then
  redis.call('SREM', KEYS[3], ARGV[1])
  for _, claim in ipairs(cjson.decode(redis.call('HGET', KEYS[1], 'claims') or '[]')) do
    local held = redis.call('HGET', KEYS[6], claim.resource)
    local holders = held and cjson.decode(held) or {}
    holders[ARGV[1]] = nil
    if next(holders) == nil then
      redis.call('HDEL', KEYS[6], claim.resource)
    else
      redis.call('HSET', KEYS[6], claim.resource, cjson.encode(holders))
    end
  end
end
return {'OK', cursor}
`
