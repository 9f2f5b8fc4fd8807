import { randomUUID } from 'node:crypto'
import type { Acknowledgement } from '../domain/health/acknowledgement.ts'
import { earliestSights } from '../domain/health/first-seen.ts'
import { assess } from '../domain/health/health.ts'
import type { HealthContext } from '../domain/health/health-issue.ts'
import { acknowledge, findIssueChanges, type OpenIssue } from '../domain/health/issue-events.ts'
import type { Clock } from '../shared/clock.ts'
import type { IssueStore } from './issue-store.ts'

export interface IssueRecorderOptions {
  readonly cluster: string
  /** What its health is derived from, as it is now. */
  readonly current: () => HealthContext
  /** Nothing is written before it resolves: until then what is not seen has merely not been looked at. */
  readonly ready: Promise<unknown>
  readonly store: IssueStore
  readonly clock: Clock
  /** Told of each failure; the next look is made all the same. */
  readonly onError: (error: unknown) => void
}

/** What one process knows of a cluster's issues over time. */
export interface IssueBook {
  /**
   * When an issue began, ISO 8601: as it was written, or, for one that no process has written yet, when the first of them
   * saw it, as far as this one knows; now, where that is by this question. The same at the next question, and what is written.
   */
  since(id: string): string
  /** The issues that are written as open, those included of which nothing can be seen now. Empty until Redis was read. */
  open(): readonly OpenIssue[]
  /** Records that a person has taken note of one; null where no such issue is open. Throws LogUnavailableError. */
  acknowledge(id: string, acknowledgement: Acknowledgement): Promise<OpenIssue | null>
}

export interface IssueRecorder extends IssueBook {
  /** Gives the lease back. */
  stop(): Promise<void>
}

const LOOK_MS = 1_000

/**
 * Looks at a cluster's health again and again, and writes what has become of its issues. Every process of Howdah runs one, API
 * and worker alike, so that something is told whatever part of it is down; one at a time writes, by a lease in Redis.
 */
export function startIssueRecorder(options: IssueRecorderOptions): IssueRecorder {
  const { cluster, current, ready, store, clock, onError } = options
  const token = randomUUID()
  let firstSeen = new Map<string, string>()
  let written: ReadonlyMap<string, OpenIssue> = new Map()
  let isReady = false
  let isStopped = false
  let looking: Promise<void> | null = null

  async function look(): Promise<void> {
    const context = current()
    const health = assess(context)
    const now = context.now.toISOString()
    firstSeen = new Map(health.issues.map(({ id }) => [id, firstSeen.get(id) ?? now]))
    // Before anything is written: what another process saw first began then.
    firstSeen = earliestSights(firstSeen, await store.tellSights(cluster, token, firstSeen))
    const isWriter = isReady && (await store.takeLease(cluster, token))
    const { issues, revision } = await store.read(cluster)
    written = new Map(issues.map((issue) => [issue.id, issue]))
    if (!isWriter || isStopped) return
    const updates = findIssueChanges(issues, health, context, firstSeen)
    if (updates.length === 0) return
    // LOST or STALE: the next look reads again what is there.
    if ((await store.record(cluster, token, revision, updates)) !== 'OK') return
    const after = await store.read(cluster)
    written = new Map(after.issues.map((issue) => [issue.id, issue]))
  }

  const lookOnce = () => {
    if (looking !== null || isStopped) return
    looking = look()
      .catch(onError)
      .finally(() => {
        looking = null
      })
  }
  ready.then(
    () => {
      isReady = true
      lookOnce()
    },
    // The caller handles the rejection as well: without a first look nothing is written.
    () => {},
  )
  lookOnce()
  const stopTicking = clock.every(LOOK_MS, lookOnce)

  return {
    since(id) {
      const known = written.get(id)?.since ?? firstSeen.get(id)
      if (known !== undefined) return known
      const now = current().now.toISOString()
      firstSeen.set(id, now)
      return now
    },
    open: () => [...written.values()],
    async acknowledge(id, acknowledgement) {
      for (;;) {
        const { issues, revision } = await store.read(cluster)
        const issue = issues.find((each) => each.id === id)
        if (issue === undefined) return null
        const update = acknowledge(issue, acknowledgement)
        // STALE: a writer came between the read and the write. Read again.
        if ((await store.record(cluster, null, revision, [update])) !== 'OK') continue
        written = new Map(written).set(id, update.issue)
        return update.issue
      }
    },
    async stop() {
      isStopped = true
      stopTicking()
      await looking
      await store.releaseLease(cluster, token).catch(onError)
    },
  }
}
