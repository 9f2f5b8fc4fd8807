import type { PatroniClient } from '../clients/patroni/patroni-client.ts'
import type { PostgresClient } from '../clients/postgres/postgres-client.ts'
import type { NodeLayout } from '../domain/cluster/cluster-layout.ts'
import { type LoginRefusal, LoginRefusedError } from '../domain/cluster/login-refusal.ts'
import type { Parameters } from '../domain/parameter.ts'
import type { Clock } from '../shared/clock.ts'
import { createPoll, type Poll } from './poll.ts'
import { lost, seen } from './readings.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import type { Source } from './source.ts'

export interface ObserveNodeDeps {
  readonly node: NodeLayout
  readonly store: SnapshotStore
  readonly patroni: PatroniClient
  readonly postgres: PostgresClient
  readonly clock: Clock
  readonly patroniIntervalMs: number
  readonly postgresIntervalMs: number
  readonly databaseSizeIntervalMs: number
  readonly loginIntervalMs: number
}

/** One node: what its Patroni and what its PostgreSQL say, each on its own. */
export interface NodeSource extends Source {
  /** Asks both again at once. */
  now(): Promise<void>
}

export function observeNode(deps: ObserveNodeDeps): NodeSource {
  const { node, store, patroni, postgres, clock } = deps
  const patroniPoll = createPoll({
    at: `Patroni of ${node.name}`,
    clock,
    intervalMs: deps.patroniIntervalMs,
    run: async () => {
      try {
        const status = await patroni.status(node)
        store.updateNode(node.name, (part) => ({ ...part, patroni: seen(status, clock.now()) }))
      } catch (error) {
        store.updateNode(node.name, (part) => ({ ...part, patroni: lost(part.patroni, error) }))
      }
    },
  })

  let size: { readonly bytes: number; readonly atMs: number } | null = null
  // Replicas hold the same databases: only the primary looks at every file.
  const databaseBytes = async (inRecovery: boolean) => {
    if (inRecovery) return null
    const atMs = clock.elapsedMs()
    if (size === null || atMs - size.atMs >= deps.databaseSizeIntervalMs) {
      const bytes = await postgres.readDatabaseBytes().catch(() => size?.bytes ?? null)
      if (bytes !== null) size = { bytes, atMs }
    }
    return size?.bytes ?? null
  }

  let known: { readonly parameters: Parameters; readonly version: string; readonly atMs: number } | null = null
  // They change with the version, and with what is preloaded.
  const parametersOf = async (version: string) => {
    const atMs = clock.elapsedMs()
    if (known === null || known.version !== version || atMs - known.atMs >= deps.databaseSizeIntervalMs) {
      const parameters = await postgres.readParameters().catch(() => null)
      if (parameters !== null) known = { parameters, version, atMs }
    }
    return known?.parameters ?? null
  }

  let login = { refusal: null as LoginRefusal | null, atMs: clock.elapsedMs() }
  const noteLogin = (refusal: LoginRefusal | null) => {
    login = { refusal, atMs: clock.elapsedMs() }
  }
  // A session lives on when its role may not make another one: now and then one is made to see; each time, while none can.
  const tryLogin = async () => {
    if (login.refusal === null && clock.elapsedMs() - login.atMs < deps.loginIntervalMs) return
    await postgres.checkLogin().then(
      () => noteLogin(null),
      (error: unknown) => {
        // The session itself reports a missing answer.
        if (error instanceof LoginRefusedError) noteLogin(error.refusal)
      },
    )
  }
  const postgresPoll = createPoll({
    at: `PostgreSQL of ${node.name}`,
    clock,
    intervalMs: deps.postgresIntervalMs,
    run: async () => {
      try {
        const status = await postgres.readStatus()
        const whole = {
          ...status,
          databaseBytes: await databaseBytes(status.inRecovery),
          parameters: await parametersOf(status.version),
        }
        await tryLogin()
        const loginRefusal = login.refusal
        store.updateNode(node.name, (part) => ({ ...part, postgres: seen(whole, clock.now()), loginRefusal }))
      } catch (error) {
        noteLogin(error instanceof LoginRefusedError ? error.refusal : null)
        const loginRefusal = login.refusal
        store.updateNode(node.name, (part) => ({ ...part, postgres: lost(part.postgres, error), loginRefusal }))
      }
    },
  })
  const polls: readonly Poll[] = [patroniPoll, postgresPoll]

  return {
    firstLooks: polls.map((poll) => poll.firstLook),
    start: () => {
      for (const poll of polls) poll.start()
    },
    stop: async () => {
      await Promise.all(polls.map((poll) => poll.stop()))
      await postgres.close()
    },
    now: async () => {
      await Promise.all(polls.map((poll) => poll.now()))
    },
  }
}
