/**
 * The scripts that write issues. One process at a time writes those of a cluster: it holds the lease, which runs out when it
 * does not renew it. The lease keeps two observers that see differently from contradicting each other; that nothing is
 * written twice rests on the revision, which each write compares and raises.
 */

/** KEYS: writer. ARGV: token, milliseconds. Takes the lease or renews it; 1 when it is held by this token. */
export const TAKE_LEASE_SCRIPT = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`

/** KEYS: writer. ARGV: token. */
export const RELEASE_LEASE_SCRIPT = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`

/**
 * KEYS: open issues (hash of id to issue), revision, writer, feed. ARGV: token ('' for what no writer sees, a person's word), revision as it was read, length of the
 * feed, then for each update the id, the issue ('' when it is gone) and the event.
 */
export const RECORD_ISSUES_SCRIPT = `
if ARGV[1] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'LOST' end
if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[2] then return 'STALE' end
for at = 4, #ARGV, 3 do
  if ARGV[at + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[at])
  else
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  end
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[3], '*', 'event', ARGV[at + 2])
end
redis.call('INCR', KEYS[2])
return 'OK'
`

/**
 * KEYS: what each process sees (hash of token to time and sights). ARGV: token, milliseconds, its sights. Answers the sights of
 * every process that has told its own within that time, and forgets those of the others: they have ended.
 */
export const TELL_SIGHTS_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local told = redis.call('HGETALL', KEYS[1])
local sights = {}
for at = 1, #told, 2 do
  local toldAt, seen = string.match(told[at + 1], '^(%d+) (.*)$')
  if now - tonumber(toldAt) > tonumber(ARGV[2]) then
    redis.call('HDEL', KEYS[1], told[at])
  else
    table.insert(sights, seen)
  end
end
return sights
`
