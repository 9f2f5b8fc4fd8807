import { NotFoundError } from '../../../src/domain/errors.ts'
import { isTerminal, type OperationRecord } from '../../../src/domain/operation/operation.ts'
import {
  applyEvent,
  endsOperation,
  type OperationEvent,
  type OperationEventBody,
} from '../../../src/domain/operation/operation-events.ts'
import type { WorkerPresence } from '../../../src/domain/operation/worker-presence.ts'
import { LogUnavailableError } from '../../../src/events/event-errors.ts'
import { matches } from '../../../src/events/list-operations.ts'
import type { OperationFeed, OperationFilter, OperationLog } from '../../../src/events/operation-log.ts'

/** The operation log and its feed in memory: what the API is tested against where Redis is not what is tested. */
export class FakeOperations {
  readonly records = new Map<string, OperationRecord>()
  readonly history: OperationEvent[] = []
  /** Followers that have not been ended. */
  following = 0
  /** Calls of `get` and `list`. */
  reads = 0
  away = false
  workers: WorkerPresence | null = null
  readonly #waiting = new Set<() => void>()

  add(record: OperationRecord): OperationRecord {
    return this.emit(record.id, { type: 'OperationQueued', record }, 'queued', record)
  }

  emit(
    id: string,
    body: OperationEventBody,
    message: string = body.type,
    before = this.records.get(id),
  ): OperationRecord {
    if (before === undefined) throw new Error(`no operation ${id}`)
    const at = new Date().toISOString()
    const record = applyEvent(before, body, at)
    this.records.set(id, record)
    const { kind, cluster, sequence } = record
    const cursor = `${this.history.length + 1}-0`
    this.history.push({ cursor, sequence, at, operationId: id, kind, cluster, message, body })
    for (const wake of this.#waiting) wake()
    return record
  }

  readonly log: OperationLog = {
    create: () => Promise.reject(new Error('not part of the fake')),
    admit: () => Promise.reject(new Error('not part of the fake')),
    append: () => Promise.reject(new Error('not part of the fake')),
    findByIdempotencyKey: async () => null,
    holders: async () => [],
    get: async (id) => {
      this.#read()
      return this.records.get(id) ?? null
    },
    list: async ({ limit, from, backward, filter }) => {
      this.#read()
      const all = [...this.records.values()].reverse().filter((record) => matches(record, filter))
      const at = from === null ? -1 : all.findIndex((record) => record.id === from)
      const to = backward && from !== null ? at : backward ? all.length : at + 1 + limit
      const begin = backward ? Math.max(0, to - limit) : at + 1
      return { operations: all.slice(begin, to), hasNext: to < all.length, hasPrevious: begin > 0 }
    },
    proposed: async () => [],
    active: async () => [...this.records.values()].filter(({ status }) => !isTerminal(status)).map(({ id }) => id),
    events: async (id, { from, limit, backward }) => {
      this.#read()
      const all = this.history.filter((event) => event.operationId === id)
      const at = all.findIndex((event) => event.cursor === from)
      const end = at === -1 ? all.length : at
      const begin = backward ? Math.max(0, end - limit) : at + 1
      const events = all.slice(begin, backward ? end : begin + limit)
      return { events, hasNext: begin + events.length < all.length, hasPrevious: begin > 0 }
    },
  }

  readonly feed: OperationFeed = {
    start: async () => {},
    stop: async () => {},
    head: async () => `${this.history.length}-0`,
    position: () => `${this.history.length}-0`,
    followOperation: (id, after) => {
      return this.#follow(after, (event) => event.operationId === id, {
        begin: () => this.#known(id),
        endsWithOperation: id,
      })
    },
    followAll: (filter: OperationFilter, after) => {
      const begin = async () => {}
      return this.#follow(after ?? `${this.history.length}-0`, (event) => matches(event, filter), {
        begin,
        endsWithOperation: null,
      })
    },
  }

  #read(): void {
    this.reads++
    if (this.away) throw new LogUnavailableError(new Error('ECONNREFUSED 10.0.0.9:6379'))
  }

  async #known(id: string): Promise<void> {
    if (!this.records.has(id)) throw new NotFoundError(`there is no operation ${id}`)
  }

  #follow(
    after: string | null,
    passes: (event: OperationEvent) => boolean,
    { begin, endsWithOperation }: { begin: () => Promise<void>; endsWithOperation: string | null },
  ): AsyncIterableIterator<OperationEvent> {
    let at = after === null ? 0 : Number.parseInt(after, 10)
    let ended = false
    let wake: () => void = () => {}
    this.following++
    const end = () => {
      if (!ended) this.following--
      ended = true
      wake()
    }
    const next = async (): Promise<IteratorResult<OperationEvent>> => {
      await begin()
      while (!ended) {
        const event = this.history[at]
        if (event === undefined) {
          const record = this.records.get(endsWithOperation ?? '')
          if (record !== undefined && isTerminal(record.status)) {
            end()
            break
          }
          await new Promise<void>((resolve) => {
            wake = resolve
            this.#waiting.add(resolve)
          })
          this.#waiting.delete(wake)
          continue
        }
        at++
        if (!passes(event)) continue
        if (endsWithOperation !== null && endsOperation(event.body)) end()
        return { done: false, value: event }
      }
      return { done: true, value: undefined }
    }
    return {
      next,
      async return() {
        end()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}
