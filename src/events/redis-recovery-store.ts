import { NotFoundError } from '../domain/errors.ts'
import { type RecoveryRecord, withoutWhatIsOver } from '../domain/recovery/recovery.ts'
import type { Redis } from '../shared/redis.ts'
import { guard, LostOperationError } from './event-errors.ts'
import { logKeys } from './log-keys.ts'
import { CHANGE_RECOVERY_SCRIPT, CREATE_RECOVERY_SCRIPT } from './recovery-scripts.ts'
import type { RecoveryAuthor, RecoveryStore } from './recovery-store.ts'
import { readRecovery, writeRecovery } from './stored-recovery.ts'

export interface RecoveryStoreOptions {
  readonly redis: Redis
  /** The operation log's: a write is checked against the operation's record. */
  readonly prefix: string
  readonly now: () => Date
  /** About how many changes the stream keeps. */
  readonly changesLength?: number
}

const CHANGES_LENGTH = 10_000

type WriteOutcome = [outcome: 'OK' | 'EXISTING' | 'STALE' | 'LOST', value: string]

export function createRecoveryStore(options: RecoveryStoreOptions): RecoveryStore {
  const { redis, now } = options
  const keys = logKeys(options.prefix)

  async function write(
    script: string,
    record: RecoveryRecord,
    by: RecoveryAuthor,
    last: string | number,
  ): Promise<{ readonly stale: boolean; readonly json: string }> {
    const [outcome, value] = await guard(
      redis.eval(
        script,
        5,
        keys.recovery(record.id),
        keys.recoveries(record.cluster),
        keys.recoveryChanges,
        keys.record(by.operationId),
        keys.active,
        by.operationId,
        String(by.attempt),
        String(options.changesLength ?? CHANGES_LENGTH),
        record.id,
        writeRecovery(record),
        last,
      ) as Promise<WriteOutcome>,
    )
    if (outcome === 'LOST') throw new LostOperationError(by.operationId, by.attempt, Number(value))
    return { stale: outcome === 'STALE', json: value }
  }

  return {
    async get(id) {
      const json = await guard(redis.get(keys.recovery(id)))
      return json === null ? null : readRecovery(json)
    },
    async list(cluster) {
      const ids = await guard(redis.zrevrange(keys.recoveries(cluster), 0, -1))
      if (ids.length === 0) return []
      const found = await guard(redis.mget(ids.map(keys.recovery)))
      return found.flatMap((json) => (json === null ? [] : readRecovery(json)))
    },
    async create(record, by) {
      const { json } = await write(CREATE_RECOVERY_SCRIPT, record, by, Date.parse(record.createdAt))
      return readRecovery(json)
    },
    async change(id, patch, by) {
      for (;;) {
        const json = await guard(redis.get(keys.recovery(id)))
        if (json === null) throw new NotFoundError(`there is no recovery ${id}`)
        const before = readRecovery(json)
        const after = withoutWhatIsOver({
          ...before,
          ...patch,
          updatedAt: now().toISOString(),
          operationId: by.operationId,
        })
        const written = await write(CHANGE_RECOVERY_SCRIPT, after, by, json)
        // Stale: another operation's write came between the read and this one. Look again.
        if (!written.stale) return readRecovery(written.json)
      }
    },
  }
}
