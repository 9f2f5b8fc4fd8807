import type { ApiClient } from './api-client.ts'
import { readBackups, waitForCatalogue } from './backup-client.ts'
import { leaderName } from './cluster-facts.ts'
import { runVariant } from './image-variant.ts'
import { editConfiguration } from './interrupted-cut-over.ts'
import { performOperation } from './operation-client.ts'
import { RECOVERY_KILL_CASES } from './recovery-kill-cases.ts'
import { leaderSql } from './sql.ts'
import type { TestStack } from './stack.ts'
import { waitFor } from './wait-for.ts'

/** How a kind is brought to do something, so that a worker can be killed in each of its steps. */
export interface KillCase {
  /** Input of an operation that has something to do in that step; asked for before each kill. */
  input(world: World, step: string): Promise<Record<string, unknown>>
  /** For kinds that no client can ask for: makes Howdah ask. */
  provoke?(world: World, step: string): Promise<void>
  /** Puts back what the operation changed, but what the kill after this one begins with. */
  restore?(world: World, next: Kill | undefined): Promise<void>
}

/** The worker dies when this step of an operation of this kind has begun. */
export interface Kill {
  /** "switchover" */
  readonly kind: string
  readonly step: string
}

export interface World {
  readonly facts: TestStack
  readonly api: ApiClient
}

const confirm = 'patroni'
const BARMAN_CONFIGURATION = '/etc/barman.d/cluster.conf'

async function replica({ api }: World): Promise<string> {
  const leader = await leaderName(api)
  return ['db2', 'db3', 'db4'].find((name) => name !== leader) ?? 'db2'
}

async function perform({ api }: World, kind: string, input: Record<string, unknown>): Promise<string> {
  const { operation } = await performOperation(api, kind, input)
  if (operation.status !== 'SUCCEEDED') throw new Error(`${kind}: ${JSON.stringify(operation.error)}`)
  return operation.result?.backupId ?? ''
}

const backupOf = (world: World) => perform(world, 'createBackup', { type: 'FULL' })

async function newestBackup({ api }: World): Promise<string> {
  const query = '{ cluster { backupServer { latestBackup { backupId } } } }'
  const { cluster } = await api.query<{ cluster: { backupServer: { latestBackup: { backupId: string } } } }>(query)
  return cluster.backupServer.latestBackup.backupId
}

let counter = 0
let variant: Awaited<ReturnType<typeof runVariant>> | null = null

/** Every kind; a kind that is missing here fails the suite. */
export const KILL_CASES: Readonly<Record<string, KillCase>> = {
  ...RECOVERY_KILL_CASES,
  createBackup: { input: async () => ({ type: 'FULL' }) },
  deleteBackup: { input: async (world) => ({ backupId: await backupOf(world), confirm }) },
  keepBackup: {
    input: async (world) => ({ backupId: await newestBackup(world), target: 'FULL' }),
    restore: async (world) => void (await perform(world, 'releaseBackup', { backupId: await newestBackup(world) })),
  },
  releaseBackup: {
    input: async (world) => {
      const backupId = await newestBackup(world)
      await perform(world, 'keepBackup', { backupId, target: 'FULL' })
      return { backupId }
    },
  },
  verifyBackup: { input: async (world) => ({ backupId: await newestBackup(world) }) },
  applyRetentionPolicy: {
    input: async (world) => {
      // Otherwise Barman's own cron would be first.
      await world.facts.exec('barman', ['sv', '-w', '30', 'down', 'cron'])
      await world.facts.exec('barman', ['cp', BARMAN_CONFIGURATION, '/tmp/cluster.conf'])
      // A few that go are enough: each takes seconds.
      const kept = Math.max(1, (await readBackups(world.api)).length - 1)
      const redundancy = `s/^retention_policy *=.*/retention_policy = REDUNDANCY ${kept}/`
      await world.facts.exec('barman', ['sed', '-i', redundancy, BARMAN_CONFIGURATION])
      const newest = await backupOf(world)
      await waitForCatalogue(world.api, 'older backups to be obsolete', (all) =>
        all.some(({ backupId, retentionStatus }) => backupId !== newest && retentionStatus === 'OBSOLETE'),
      )
      return { confirm }
    },
    restore: async ({ facts }) => {
      const script = `cat /tmp/cluster.conf > ${BARMAN_CONFIGURATION}; rm /tmp/cluster.conf`
      await facts.exec('barman', ['sh', '-c', script])
      await facts.exec('barman', ['sv', '-w', '30', 'up', 'cron'])
    },
  },
  checkBackupServer: { input: async () => ({}) },
  switchWal: { input: async () => ({ force: true }) },
  archiveWals: {
    input: async ({ facts }) => {
      // Otherwise Barman's own services would be first.
      await facts.exec('barman', ['sv', '-w', '30', 'down', 'cron', 'archive-wal'])
      // Where nothing was written since the last switch there is nothing to close, and the name is that of what is filed already.
      const closing = "SELECT pg_walfile_name(pg_switch_wal()) AS wal FROM pg_create_restore_point('archive')"
      const wal = (await leaderSql<{ wal: string }>(facts, closing))[0]?.wal ?? ''
      await waitFor(`${wal} to wait`, async () => {
        const waiting = await facts.exec('barman', ['find', '/data/pg-backup/patroni/incoming', '-name', wal])
        return waiting !== ''
      })
      return {}
    },
    restore: async ({ facts }) => void (await facts.exec('barman', ['sv', '-w', '30', 'up', 'cron', 'archive-wal'])),
  },
  switchover: { input: async () => ({}) },
  cancelScheduledSwitchover: {
    input: async (world) => {
      await perform(world, 'switchover', { at: new Date(Date.now() + 3_600_000).toISOString() })
      return {}
    },
  },
  failover: { input: async (world) => ({ candidate: await replica(world), force: true, confirm }) },
  restartNode: { input: async (world) => ({ node: await replica(world) }) },
  restartCluster: { input: async () => ({}) },
  reloadNode: { input: async (world) => ({ node: await replica(world) }) },
  reinitializeNode: { input: async (world) => ({ node: await replica(world), confirm }) },
  pauseCluster: { input: async () => ({}), restore: async (world) => void (await perform(world, 'resumeCluster', {})) },
  resumeCluster: {
    input: async (world) => {
      await perform(world, 'pauseCluster', {})
      return {}
    },
  },
  updateConfiguration: {
    input: async () => ({ patch: { postgresql: { parameters: { work_mem: `${++counter + 4}MB` } } } }),
    restore: async (world) =>
      void (await perform(world, 'updateConfiguration', { patch: { postgresql: { parameters: { work_mem: null } } } })),
  },
  startService: {
    input: async (world) => {
      const service = await replica(world)
      await perform(world, 'stopService', { service })
      return { service }
    },
  },
  stopService: {
    input: async ({ api }) => ({ service: await leaderName(api) }),
    restore: async (world) => {
      for (const service of ['db1', 'db2', 'db3', 'db4']) await perform(world, 'startService', { service })
    },
  },
  restartService: { input: async () => ({ service: 'haproxy' }) },
  rebuildService: {
    input: async ({ facts }) => {
      variant = await runVariant(facts.container('docker-proxy'), 'docker-proxy')
      return { service: 'docker-proxy' }
    },
    restore: () => variant?.restore() ?? Promise.resolve(),
  },
  checkConnectivity: { input: async () => ({ from: 'haproxy', to: 'db1' }) },
  liftTimelineGuard: {
    input: async () => ({}),
    provoke: ({ facts }) =>
      editConfiguration(facts, { check_timeline: true, howdah_check_timeline: `20261101T000000000-${++counter}` }),
  },
  releaseLeaderLock: {
    input: async () => ({}),
    provoke: async ({ api, facts }) => facts.kill(await leaderName(api)),
    restore: async ({ facts }) => {
      for (const service of ['db1', 'db2', 'db3', 'db4']) await facts.start(service)
    },
  },
}
