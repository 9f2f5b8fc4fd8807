import { access, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TEST_STACK } from '../../../scripts/lib/test-stack.mjs'
import { waitFor } from '../wait-for.ts'
import type { ApiClient } from './api-client.ts'

interface ClusterView {
  cluster: {
    nodes: {
      name: string
      role: string
      state: string
      timeline: number | null
      lag: { replayBytes: number | null } | null
    }[]
    backupServer: {
      checks: { name: string; status: string; message: string | null }[]
      latestBackup: { backupId: string } | null
      walArchive: { segmentCount: number }
    }
  }
}

/** Patroni hands over to no node that is further behind. */
const MAX_LAG_BYTES = 1024 ** 2

const HEALTH_TIMEOUT_MS = 180_000
/** There while a test has left the cluster in a state from which it did not come back. */
const GIVEN_UP = join(dirname(TEST_STACK.envFile), 'given-up')

const QUERY = `{ cluster { nodes { name role state timeline lag { replayBytes } }
  backupServer { checks { name status message } latestBackup { backupId } walArchive { segmentCount } } } }`

/**
 * One leader and three replicas that stream and have caught up, on one timeline: Patroni learns a moment later than PostgreSQL which one that is,
 * and hands over to no node on another. Every stack test begins and ends with it. Where one has waited in vain, those after it look once: a suite
 * that waits its full time for each of its tests ends by its own deadline, and says nothing.
 */
export async function waitForHealthyCluster(api: ApiClient): Promise<void> {
  const timeoutMs = (await isGivenUp()) ? 0 : HEALTH_TIMEOUT_MS
  try {
    await waitForLeaderAndReplicas(api, timeoutMs)
  } catch (error) {
    await writeFile(GIVEN_UP, '')
    throw error
  }
  await forgetGivenUp()
}

const isGivenUp = () =>
  access(GIVEN_UP).then(
    () => true,
    () => false,
  )

/** A stack that has just been started has its full time. */
export const forgetGivenUp = () => rm(GIVEN_UP, { force: true })

async function waitForLeaderAndReplicas(api: ApiClient, timeoutMs: number): Promise<void> {
  await waitFor(
    'one leader and three streaming replicas',
    async () => {
      const { cluster } = await api.query<ClusterView>(QUERY)
      const seen = cluster.nodes.map(
        ({ name, role, state, timeline, lag }) =>
          `${name} ${role} ${state} on ${timeline}, ${lag?.replayBytes ?? 'no'} bytes behind`,
      )
      const timelines = new Set(cluster.nodes.map(({ timeline }) => timeline))
      const leaders = cluster.nodes.filter(({ role, state }) => role === 'LEADER' && state === 'RUNNING')
      const streaming = cluster.nodes.filter(
        ({ role, state, lag }) =>
          role === 'REPLICA' &&
          state === 'STREAMING' &&
          (lag?.replayBytes ?? Number.POSITIVE_INFINITY) <= MAX_LAG_BYTES,
      )
      if (leaders.length === 1 && streaming.length === 3 && timelines.size === 1) return true
      throw new Error(seen.join(', '))
    },
    { timeoutMs, intervalMs: 250 },
  )
}

/** Barman's checks pass and WAL arrives: a backup would not be refused. */
export async function waitForBackups(api: ApiClient): Promise<void> {
  await waitFor(
    "Barman's checks to pass",
    async () => {
      const { cluster } = await api.query<ClusterView>(QUERY)
      const failing = cluster.backupServer.checks.filter(({ status }) => status !== 'OK')
      if (
        cluster.backupServer.checks.length > 0 &&
        failing.length === 0 &&
        cluster.backupServer.latestBackup !== null &&
        cluster.backupServer.walArchive.segmentCount > 0
      ) {
        return true
      }
      throw new Error(
        failing.map(({ name, status, message }) => `${name} ${status} ${message ?? ''}`).join('; ') || 'no checks',
      )
    },
    { timeoutMs: 180_000, intervalMs: 500 },
  )
}

/** Every operation has ended, those that Howdah itself asks for included. */
export async function waitForNothingRunning(api: ApiClient): Promise<void> {
  await waitFor(
    'every operation to end',
    async () => {
      const query = '{ operations(first: 20) { edges { node { kind status } } } }'
      const { operations } = await api.query<{ operations: { edges: { node: { kind: string; status: string } }[] } }>(
        query,
      )
      const running = operations.edges.filter(({ node }) => ['QUEUED', 'RUNNING', 'CANCELLING'].includes(node.status))
      if (running.length > 0) throw new Error(running.map(({ node }) => `${node.kind} ${node.status}`).join(', '))
      return true
    },
    { timeoutMs: 180_000, intervalMs: 250 },
  )
}

/**
 * All of them are DONE. Barman's cron may have put an older record over a DONE one; its next turn, within a minute, puts
 * it right.
 */
export async function waitForBackupsDone(list: () => Promise<readonly { readonly status: string }[]>): Promise<void> {
  await waitFor(
    'all backups to be DONE',
    async () => {
      const statuses = (await list()).map(({ status }) => status)
      if (statuses.some((status) => status !== 'DONE')) throw new Error(statuses.join(', '))
      return true
    },
    { timeoutMs: 120_000, intervalMs: 500 },
  )
}
