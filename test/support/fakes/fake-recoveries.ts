import { NotFoundError } from '../../../src/domain/errors.ts'
import { hasEnded, type RecoveryRecord } from '../../../src/domain/recovery/recovery.ts'
import { LogUnavailableError } from '../../../src/events/event-errors.ts'
import type { RecoveryFeed, RecoveryStore } from '../../../src/events/recovery-store.ts'
import type { StepRecoveries } from '../../../src/operations/context.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { createStepRecoveries } from '../../../src/worker/step-recoveries.ts'

/** Recoveries in memory: what is tested against where Redis is not what is tested. It does not fence. */
export class FakeRecoveries implements RecoveryStore {
  readonly records = new Map<string, RecoveryRecord>()
  away = false
  /** Followers that have not been ended. */
  following = 0
  readonly #waiting = new Set<() => void>()

  constructor(...records: readonly RecoveryRecord[]) {
    for (const record of records) this.records.set(record.id, record)
  }

  async get(id: string): Promise<RecoveryRecord | null> {
    this.#read()
    return this.records.get(id) ?? null
  }

  async list(cluster: string): Promise<readonly RecoveryRecord[]> {
    this.#read()
    return [...this.records.values()].filter((record) => record.cluster === cluster).reverse()
  }

  create: RecoveryStore['create'] = async (record) => {
    this.#read()
    const known = this.records.get(record.id)
    if (known === undefined) this.records.set(record.id, record)
    return known ?? record
  }

  change: RecoveryStore['change'] = async (id, patch, { operationId }) => {
    this.#read()
    const before = this.records.get(id)
    if (before === undefined) throw new NotFoundError(`there is no recovery ${id}`)
    const after = { ...before, ...patch, operationId }
    this.put(after)
    return after
  }

  put(record: RecoveryRecord): RecoveryRecord {
    this.records.set(record.id, record)
    for (const wake of this.#waiting) wake()
    return record
  }

  readonly feed: Pick<RecoveryFeed, 'follow'> = {
    follow: (id) => {
      let last: RecoveryRecord | null = null
      let ended = false
      let wake: () => void = () => {}
      this.following++
      const end = () => {
        if (!ended) this.following--
        ended = true
        wake()
      }
      return {
        next: async () => {
          while (!ended) {
            const record = await this.get(id)
            if (record === null) {
              end()
              throw new NotFoundError(`there is no recovery ${id}`)
            }
            if (record !== last) {
              last = record
              if (hasEnded(record)) end()
              return { done: false, value: record }
            }
            await new Promise<void>((resolve) => {
              wake = resolve
              this.#waiting.add(resolve)
            })
            this.#waiting.delete(wake)
          }
          return { done: true, value: undefined }
        },
        async return() {
          end()
          return { done: true, value: undefined }
        },
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },
  }

  /** As a step of this operation sees them. */
  forStep(operation: { readonly id: string; readonly cluster: string; readonly attempt: number }): StepRecoveries {
    return createStepRecoveries({ store: this, clock: systemClock, operation })
  }

  #read(): void {
    if (this.away) throw new LogUnavailableError(new Error('ECONNREFUSED 10.0.0.9:6379'))
  }
}
