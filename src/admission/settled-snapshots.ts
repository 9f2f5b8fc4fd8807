import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import { SnapshotPart } from '../domain/cluster/snapshot-part.ts'
import type { Observed } from '../domain/observed.ts'
import { endsOperation } from '../domain/operation/operation-events.ts'
import type { OperationFeed } from '../events/operation-log.ts'
import { compareCursors } from '../events/stored-event.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { Clock } from '../shared/clock.ts'

/** A cluster as its observer has it. */
export interface ObservedCluster {
  current(): ClusterSnapshot
  refresh(parts: readonly SnapshotPart[]): Promise<void>
}

/** What is known of an operation that has ended. */
export interface Ending {
  readonly operationId: string
  readonly kind: string
  readonly cluster: string
  /** ISO 8601. */
  readonly at: string
}

/**
 * Snapshots that have what operations said at their end. API and worker look at the stack each by itself: what a worker
 * has seen when it wrote SUCCEEDED, this process sees up to some seconds later. So each end is followed, and what the
 * operation may have changed is looked at again, at once; a caller that asks meanwhile waits for that look, briefly.
 * Without such an end no caller waits.
 */
export interface SettledSnapshots {
  start(): void
  stop(): Promise<void>
  /** As it is now, without waiting for anything. */
  current(cluster: string): ClusterSnapshot
  /** For a query: the newest there is when patience runs out. */
  forQuery(cluster: string): Promise<ClusterSnapshot>
  /**
   * For a check and a plan: also asks the log whether this process has heard of every end. What could not be read
   * again in time counts as not seen, with that as the reason, rather than as it was before.
   */
  forPlan(cluster: string): Promise<ClusterSnapshot>
  /** For a caller that reads the end of an operation past the feed, and is about to answer with it. Idempotent. */
  ended(ending: Ending): void
}

export interface SettledSnapshotsDeps {
  readonly clusters: ReadonlyMap<string, ObservedCluster>
  readonly feed: Pick<OperationFeed, 'followAll' | 'head'>
  readonly registry: OperationRegistry
  readonly clock: Clock
  /** Called with each failure to follow the feed, which then starts over. */
  readonly onError: (error: unknown) => void
}

/** A look that is under way, because something ended. */
interface Look {
  readonly ending: Ending
  readonly done: Promise<void>
}

const QUERY_MS = 1_000
const PLAN_MS = 2_000
const AGAIN_MS = 500
/** An end that lies further back has been seen by every poll since. */
const RECENT_MS = 60_000
const REMEMBERED = 1_000

export function createSettledSnapshots(deps: SettledSnapshotsDeps): SettledSnapshots {
  const { clusters, feed, registry, clock } = deps
  const looks = new Map([...clusters.keys()].map((name) => [name, new Map<SnapshotPart, Look>()]))
  const known = new Set<string>()
  const stopping = new AbortController()
  let heardOf: string | null = null
  let following: Promise<void> = Promise.resolve()
  let stopFollowing: () => unknown = () => {}
  let waiting: (() => void)[] = []

  const ended = (ending: Ending) => {
    const cluster = clusters.get(ending.cluster)
    const tooOld = clock.now().getTime() - Date.parse(ending.at) > RECENT_MS
    if (cluster === undefined || tooOld || known.has(ending.operationId)) return
    known.add(ending.operationId)
    if (known.size > REMEMBERED) for (const oldest of [...known].slice(0, REMEMBERED / 2)) known.delete(oldest)
    const own = looks.get(ending.cluster)
    for (const part of registry.get(ending.kind)?.changes ?? [SnapshotPart.NODES]) {
      const done = cluster.refresh([part]).then(() => {
        // A later end has asked for a look of its own.
        if (own?.get(part) === look) own.delete(part)
        // A failed look stays: until some look reads the part, it has not been seen since that end.
      }, deps.onError)
      const look: Look = { ending, done }
      own?.set(part, look)
    }
  }

  const hear = (cursor: string) => {
    heardOf = cursor
    const told = waiting
    waiting = []
    for (const tell of told) tell()
  }
  const follow = async () => {
    while (!stopping.signal.aborted) {
      try {
        if (heardOf === null) hear(await feed.head())
        const events = feed.followAll({}, heardOf)
        stopFollowing = () => events.return?.()
        for await (const { body, operationId, kind, cluster, at, cursor } of events) {
          if (endsOperation(body)) ended({ operationId, kind, cluster, at })
          hear(cursor)
        }
        return
      } catch (error) {
        if (stopping.signal.aborted) return
        deps.onError(error)
        heardOf = null
        await clock.sleep(AGAIN_MS, stopping.signal).catch(() => {})
      }
    }
  }

  /** Resolves when this process has heard of all that is in the log by now. */
  const heardOfAll = async () => {
    const head = await feed.head()
    while ((heardOf === null || compareCursors(heardOf, head) < 0) && !stopping.signal.aborted) {
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }
  const lookedAgain = async (cluster: string) => {
    const pending = [...(looks.get(cluster)?.values() ?? [])]
    await Promise.all(pending.map(({ done }) => done))
  }
  const within = async (patienceMs: number, work: Promise<void>) => {
    const enough = new AbortController()
    const patience = clock.sleep(patienceMs, enough.signal).catch(() => {})
    try {
      await Promise.race([work, patience])
    } finally {
      enough.abort()
    }
  }
  const current = (name: string): ClusterSnapshot => {
    const cluster = clusters.get(name)
    if (cluster === undefined) throw new TypeError(`no cluster "${name}" is observed`)
    return cluster.current()
  }

  return {
    start: () => {
      following = follow()
    },
    stop: async () => {
      stopping.abort()
      await stopFollowing()
      for (const tell of waiting) tell()
      await following
    },
    ended,
    current,
    forQuery: async (name) => {
      if ((looks.get(name)?.size ?? 0) > 0) await within(QUERY_MS, lookedAgain(name))
      return current(name)
    },
    forPlan: async (name) => {
      await within(
        PLAN_MS,
        heardOfAll().then(() => lookedAgain(name)),
      )
      const late = [...(looks.get(name) ?? [])]
      return late.reduce((snapshot, [part, { ending }]) => withoutOld(snapshot, part, ending), current(name))
    },
  }
}

/** The snapshot in which what was last read before the end no longer counts as seen. */
function withoutOld(snapshot: ClusterSnapshot, part: SnapshotPart, ending: Ending): ClusterSnapshot {
  const since = Date.parse(ending.at)
  const reason = `not read since ${ending.kind} ${ending.operationId} ended`
  const young = <T>(observed: Observed<T>): Observed<T> =>
    observed.error !== null || (observed.at?.getTime() ?? 0) >= since ? observed : { ...observed, error: reason }
  const servers = (change: (server: ClusterSnapshot['backupServers'][number]) => typeof server) => ({
    ...snapshot,
    backupServers: snapshot.backupServers.map(change),
  })
  switch (part) {
    case SnapshotPart.NODES:
      return {
        ...snapshot,
        topology: young(snapshot.topology),
        haproxy: young(snapshot.haproxy),
        nodes: snapshot.nodes.map((node) => ({
          ...node,
          patroni: young(node.patroni),
          postgres: young(node.postgres),
        })),
      }
    case SnapshotPart.SERVICES:
      return {
        ...snapshot,
        services: snapshot.services.map((service) => ({ ...service, status: young(service.status) })),
        etcd: snapshot.etcd.map((member) => ({ ...member, status: young(member.status) })),
      }
    case SnapshotPart.BACKUPS:
      return servers((server) => ({ ...server, backups: young(server.backups) }))
    case SnapshotPart.WAL:
      return servers((server) => ({ ...server, wal: young(server.wal), incoming: young(server.incoming) }))
    case SnapshotPart.CHECKS:
      return servers((server) => ({ ...server, checks: young(server.checks) }))
  }
}
