import type { ClusterCredentials, ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import type { TokenOwner } from '../domain/operation/operation.ts'
import type { Schedule } from '../domain/schedule/schedule.ts'

/** All settings of a process, read and checked once at its start. */
export interface Configuration {
  readonly clusters: readonly ConfiguredCluster[]
  readonly redis: { readonly url: string; readonly password: string | null }
  readonly http: HttpConfiguration
  /** Empty in the worker. */
  readonly tokens: readonly ApiToken[]
  readonly limits: Limits
  readonly approvals: Approvals
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** What a person has to have approved: see docs/CONFIGURATION.md. */
export interface Approvals {
  /** Names of kinds: "deleteBackup". */
  readonly required: readonly string[]
  readonly distinct: boolean
  readonly expireSeconds: number
}

export interface ConfiguredCluster {
  readonly layout: ClusterLayout
  readonly credentials: ClusterCredentials
  readonly schedules: readonly Schedule[]
  /** Whether the lock of a leader whose container has ended is released at once. */
  readonly releaseDeadLeader: boolean
  /** For how long an operation that has begun waits for its lock where etcd cannot give it. */
  readonly lockPatienceSeconds: number
}

export interface HttpConfiguration {
  readonly host: string
  readonly port: number
}

export interface ApiToken extends TokenOwner {
  /** Hexadecimal SHA-256 of the token: the token itself is not kept in memory. */
  readonly sha256: string
}

/** Bounds on what one request may ask for; the same on HTTP, WebSocket and SSE. */
export interface Limits {
  readonly maxDepth: number
  readonly maxCost: number
  readonly maxAliases: number
  readonly maxTokens: number
  /** Operations in one HTTP request. */
  readonly maxBatch: number
  /** Bytes of one HTTP request's body and of one WebSocket message. */
  readonly maxBodyBytes: number
  /** Connections at a time, of all transports. */
  readonly maxConnections: number
  /** Subscriptions at a time on one connection. */
  readonly maxSubscriptionsPerConnection: number
  /** A subscriber that reads nothing for this long is cut off. */
  readonly slowSubscriberSeconds: number
}
