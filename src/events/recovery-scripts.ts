/**
 * The scripts that write recoveries. Each is one atomic change in Redis: who writes is checked, the record, the index
 * of its cluster and the stream of changes agree at every moment.
 *
 * Keys, in both: recovery, recoveries of the cluster, changes, record of the writing operation, active operations.
 * ARGV, in both: writing operation, its attempt, length of the stream of changes, id, record.
 */
const REFUSE_LOST = `
local attempt = redis.call('HGET', KEYS[4], 'attempt') or '0'
if attempt ~= ARGV[2] or redis.call('SISMEMBER', KEYS[5], ARGV[1]) == 0 then return {'LOST', attempt} end
`

const TELL = `redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'recovery', ARGV[4])`

/** ARGV[6]: score. Answers what is there already, when it is. */
export const CREATE_RECOVERY_SCRIPT = `
${REFUSE_LOST}
local known = redis.call('GET', KEYS[1])
if known then return {'EXISTING', known} end
redis.call('SET', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[6], ARGV[4])
${TELL}
return {'OK', ARGV[5]}
`

/** ARGV[6]: the record as it was read. */
export const CHANGE_RECOVERY_SCRIPT = `
${REFUSE_LOST}
if redis.call('GET', KEYS[1]) ~= ARGV[6] then return {'STALE', ''} end
redis.call('SET', KEYS[1], ARGV[5])
${TELL}
return {'OK', ARGV[5]}
`
