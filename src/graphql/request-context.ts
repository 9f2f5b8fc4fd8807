import type { OperationService } from '../admission/operation-service.ts'
import type { ScheduleService } from '../admission/schedules/schedule-service.ts'
import type { SettledSnapshots } from '../admission/settled-snapshots.ts'
import type { Actor } from '../domain/operation/operation.ts'
import type { IssueBook } from '../events/issue-recorder.ts'
import type { IssueFeed } from '../events/issue-store.ts'
import type { OperationFeed, OperationLog } from '../events/operation-log.ts'
import type { RecoveryFeed, RecoveryStore } from '../events/recovery-store.ts'
import type { ScheduleBook } from '../events/schedules/schedule-book.ts'
import type { PresenceWatch } from '../events/worker-presence.ts'
import type { Observer } from '../observe/create-observer.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import { RequestMemo } from './request-memo.ts'

/** What the API reads of one cluster: the part of its observer that answers and changes nothing. */
export type ClusterSource = Pick<
  Observer,
  'current' | 'onChange' | 'onTopologyChange' | 'onWalArchived' | 'readRowEstimates' | 'logs' | 'streamLogs'
>

/** Everything that the API works with; filled by hand in bin/api.ts. */
export interface ApiDependencies {
  /** By name (Patroni scope), in configured order; the first is the default. */
  readonly clusters: ReadonlyMap<string, ClusterSource>
  /** What queries are answered from. */
  readonly snapshots: Pick<SettledSnapshots, 'forQuery' | 'ended'>
  readonly log: OperationLog
  readonly feed: OperationFeed
  readonly recoveries: Pick<RecoveryStore, 'get' | 'list'>
  readonly recoveryFeed: Pick<RecoveryFeed, 'follow'>
  /** By cluster: since when each issue has been there. */
  readonly issues: ReadonlyMap<string, IssueBook>
  readonly issueFeed: Pick<IssueFeed, 'follow' | 'position'>
  readonly operations: OperationService
  readonly schedules: ScheduleService
  readonly scheduleBook: Pick<ScheduleBook, 'current' | 'refresh'>
  readonly registry: OperationRegistry
  /** Whether a worker is there to do what is requested. */
  readonly workers: Pick<PresenceWatch, 'current'>
  /** Of Howdah. */
  readonly version: string
  now(): Date
}

/** What every resolver is given: one a request, and one an event of a subscription. */
export interface ApiContext {
  readonly actor: Actor
  readonly deps: ApiDependencies
  readonly memo: RequestMemo
}

export function createContext(deps: ApiDependencies, actor: Actor): ApiContext {
  return { actor, deps, memo: new RequestMemo(deps) }
}
