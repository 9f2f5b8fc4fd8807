import type { ScheduleRecord } from '../../domain/schedule/schedule.ts'
import type { Redis } from '../../shared/redis.ts'
import { guard } from '../event-errors.ts'
import { logKeys } from '../log-keys.ts'
import type { ScheduleStore } from './schedule-store.ts'

/** KEYS: schedules (hash of name to record). ARGV: name, the record as it was read, the new one ('': none). 1 when it was written. */
const CHANGE_SCRIPT = `
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
`

export function createScheduleStore({ redis, prefix }: { redis: Redis; prefix: string }): ScheduleStore {
  const keys = logKeys(prefix)
  const read = (json: string) => JSON.parse(json) as ScheduleRecord
  return {
    async list(cluster) {
      const records = (await guard(redis.hvals(keys.schedules(cluster)))).map(read)
      return records.sort((a, b) => (a.schedule.name < b.schedule.name ? -1 : 1))
    },
    async get(cluster, name) {
      const json = await guard(redis.hget(keys.schedules(cluster), name))
      return json === null ? null : read(json)
    },
    async change(cluster, name, change) {
      for (;;) {
        const before = (await guard(redis.hget(keys.schedules(cluster), name))) ?? ''
        const next = change(before === '' ? null : read(before))
        const after = next === null ? '' : JSON.stringify(next)
        if (after === before) return next
        const written = await guard(redis.eval(CHANGE_SCRIPT, 1, keys.schedules(cluster), name, before, after))
        if (written === 1) return next
      }
    },
  }
}
