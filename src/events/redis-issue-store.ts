import type { IssueEvent, OpenIssue } from '../domain/health/issue-events.ts'
import { IssueChange } from '../domain/health/issue-events.ts'
import type { Redis } from '../shared/redis.ts'
import { guard } from './event-errors.ts'
import { RECORD_ISSUES_SCRIPT, RELEASE_LEASE_SCRIPT, TAKE_LEASE_SCRIPT, TELL_SIGHTS_SCRIPT } from './issue-scripts.ts'
import type { IssueFeed, IssueStore, RecordOutcome } from './issue-store.ts'
import { logKeys } from './log-keys.ts'
import type { StreamEntry } from './stored-event.ts'
import { createStreamFeed, type StreamFeedOptions } from './stream-feed.ts'

export interface IssueStoreOptions {
  readonly redis: Redis
  readonly prefix: string
  readonly now: () => Date
  /** About how many events the feed keeps. */
  readonly feedLength?: number
  /** Milliseconds after which a writer that no longer renews its lease is no writer. */
  readonly leaseMs?: number
  /** Milliseconds after which what a process saw is forgotten that no longer tells it. */
  readonly sightMs?: number
}

const FEED_LENGTH = 100_000
const LEASE_MS = 10_000
/** A restart, or a Redis that is away for a moment, changes no time. */
const SIGHT_MS = 60_000

type StoredEvent = Omit<IssueEvent, 'cursor'>

export function createIssueStore(options: IssueStoreOptions): IssueStore {
  const { redis, now, feedLength = FEED_LENGTH, leaseMs = LEASE_MS, sightMs = SIGHT_MS } = options
  const keys = logKeys(options.prefix)
  return {
    async read(cluster) {
      const read = redis.multi().get(keys.issueRevision(cluster)).hvals(keys.issues(cluster)).exec()
      const [revision, issues] = (await guard(read)) ?? []
      const failed = revision?.[0] ?? issues?.[0] ?? null
      if (failed !== null) throw failed
      return {
        revision: String(revision?.[1] ?? '0'),
        issues: ((issues?.[1] ?? []) as string[]).map((json) => readIssue(json)),
      }
    },
    async tellSights(cluster, token, sights) {
      const own = JSON.stringify(Object.fromEntries(sights))
      const told = redis.eval(TELL_SIGHTS_SCRIPT, 1, keys.issueSights(cluster), token, sightMs, own)
      return ((await guard(told)) as string[]).map((json) => new Map(Object.entries<string>(JSON.parse(json))))
    },
    async takeLease(cluster, token) {
      return (await guard(redis.eval(TAKE_LEASE_SCRIPT, 1, keys.issueWriter(cluster), token, leaseMs))) === 1
    },
    async releaseLease(cluster, token) {
      await guard(redis.eval(RELEASE_LEASE_SCRIPT, 1, keys.issueWriter(cluster), token))
    },
    async record(cluster, token, revision, updates) {
      const at = now().toISOString()
      const args = updates.flatMap(({ change, issue, message }) => {
        const event: StoredEvent = { at, change, cluster, message, issue }
        return [issue.id, change === IssueChange.RESOLVED ? '' : JSON.stringify(issue), JSON.stringify(event)]
      })
      const outcome = redis.eval(
        RECORD_ISSUES_SCRIPT,
        4,
        keys.issues(cluster),
        keys.issueRevision(cluster),
        keys.issueWriter(cluster),
        keys.issueFeed,
        token ?? '',
        revision,
        feedLength,
        ...args,
      )
      return (await guard(outcome)) as RecordOutcome
    },
  }
}

export function createIssueFeed({
  prefix,
  ...options
}: Omit<StreamFeedOptions<IssueEvent>, 'key' | 'read'> & { readonly prefix: string }): IssueFeed {
  const feed = createStreamFeed({ ...options, key: logKeys(prefix).issueFeed, read: readIssueEvent })
  return { start: feed.start, stop: feed.stop, position: feed.position, follow: feed.followAll }
}

/** Written before issues were acknowledged: it is not. */
function readIssue(json: string): OpenIssue {
  return { ...{ acknowledged: null }, ...(JSON.parse(json) as OpenIssue) }
}

/** Only this room writes the stream. */
function readIssueEvent([cursor, fields]: StreamEntry): IssueEvent {
  return { ...(JSON.parse(fields[1] ?? 'null') as StoredEvent), cursor }
}
