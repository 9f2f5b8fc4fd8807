import { messageOf } from '../domain/errors.ts'
import { type Schedule, type ScheduleRecord, ScheduleSource } from '../domain/schedule/schedule.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import { adoptSchedules } from './adopt-schedules.ts'
import { createScheduleRunner, type ScheduleRunnerOptions } from './run-schedules.ts'

export interface SchedulesOptions extends Omit<ScheduleRunnerOptions, 'clock' | 'onTrouble'> {
  /** What the configuration has, by cluster. */
  readonly configured: ReadonlyMap<string, readonly Schedule[]>
  readonly clock: Clock
  readonly logger: Logger
}

const LOOK_MS = 1_000
const isConfigured = ({ schedule }: ScheduleRecord) => schedule.source === ScheduleSource.CONFIGURATION

/** Looks at the schedules of every cluster once a second, as every worker does. Answers what stops it. */
export function startSchedules({ configured, logger, ...options }: SchedulesOptions): () => void {
  const { store, clock } = options
  const run = createScheduleRunner({
    ...options,
    onTrouble: (about, why) => logger.warn({ ...about, why }, 'schedule'),
  })
  const adopted = new Set<string>()
  let looking = false

  async function look(cluster: string, schedules: readonly Schedule[]): Promise<void> {
    let records = await store.list(cluster)
    // Not before: one that is taken out of the file is not run by what is left of it. And again where Redis has lost all of them, or has some
    // and the file none. What is between is another worker's file, older or newer: the last to start decides.
    if (!adopted.has(cluster) || records.some(isConfigured) !== schedules.length > 0) {
      await adoptSchedules(store, cluster, schedules, clock.now())
      records = await store.list(cluster)
    }
    adopted.add(cluster)
    await run(cluster, records)
  }

  return clock.every(LOOK_MS, () => {
    if (looking) return
    looking = true
    const looks = [...configured].map(([cluster, schedules]) =>
      look(cluster, schedules).catch((error: unknown) =>
        logger.warn({ cluster, error: messageOf(error) }, 'schedules'),
      ),
    )
    Promise.all(looks).finally(() => {
      looking = false
    })
  })
}
