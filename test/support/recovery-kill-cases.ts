import type { KillCase, World } from './kill-cases.ts'
import { performOperation, requestOperation, untilEnd } from './operation-client.ts'
import { recover, untilBackedUp, untilRecoverable } from './recovery-client.ts'
import { leaderSql } from './sql.ts'
import { waitForHealthyCluster, waitForNothingRunning } from './stack-conditions.ts'

const confirm = 'patroni'
const BEFORE_READY = ['prepare-recovery', 'restore-backup', 'replay-wal', 'verify-copy', 'publish-copy']

/** A moment that the archive has, with something behind it: a restore point, whose WAL is closed. */
export async function restorePoint({ facts, api }: World): Promise<{ lsn: string }> {
  // A base backup that follows a cut over would be behind the point, or be removed while it is needed.
  await waitForNothingRunning(api)
  const [point] = await leaderSql<{ lsn: string }>(facts, `SELECT pg_create_restore_point('kill')::text AS lsn`)
  await leaderSql(facts, 'SELECT pg_switch_wal()')
  const target = { lsn: point?.lsn ?? '' }
  await untilRecoverable(api, target)
  return target
}

async function nodeBesideLeader({ api }: World): Promise<string> {
  const { cluster } = await api.query<{ cluster: { leader: { name: string } } }>('{ cluster { leader { name } } }')
  return ['db2', 'db3', 'db4'].find((name) => name !== cluster.leader.name) ?? 'db2'
}

export async function readyRecovery(world: World): Promise<string> {
  const input = { target: await restorePoint(world), node: await nodeBesideLeader(world), cutOver: 'MANUAL', confirm }
  return (await recover(world.api, 'recoverCluster', input)).id
}

export async function completedRecovery(world: World): Promise<string> {
  const recovery = await readyRecovery(world)
  const { operation } = await performOperation(world.api, 'cutOverRecovery', { recovery, confirm })
  if (operation.status !== 'SUCCEEDED') throw new Error(`cutOverRecovery: ${JSON.stringify(operation.error)}`)
  await waitForHealthyCluster(world.api)
  // An undo beside the backup that follows is a conflict.
  await untilBackedUp(world.api, operation.id)
  return recovery
}

/** Whatever recoveries there are, and what cut overs have kept, discarded as a user would. */
export async function discardRecoveries({ api }: World): Promise<void> {
  await waitForNothingRunning(api)
  const query = '{ cluster { recoveries(first: 50) { edges { node { id status previousData { directory } } } } } }'
  const { cluster } = await api.query<{
    cluster: { recoveries: { edges: { node: { id: string; status: string; previousData: object | null } }[] } }
  }>(query)
  for (const { node } of cluster.recoveries.edges) {
    if (node.status !== 'READY' && node.previousData === null) continue
    const input = { recovery: node.id, previousData: node.previousData !== null, confirm }
    const { operation, refusals } = await requestOperation(api, 'discardRecovery', input)
    if (operation === null) throw new Error(JSON.stringify(refusals))
    const ended = await untilEnd(api, operation.id)
    if (ended.operation.status !== 'SUCCEEDED') throw new Error(JSON.stringify(ended.operation.error))
  }
}

/** Of the recovery kinds. */
export const RECOVERY_KILL_CASES: Readonly<Record<string, KillCase>> = {
  rehearseRecovery: {
    input: async (world) => ({ target: await restorePoint(world) }),
    restore: discardRecoveries,
  },
  recoverCluster: {
    input: async (world, step) => ({
      target: await restorePoint(world),
      node: await nodeBesideLeader(world),
      cutOver: BEFORE_READY.includes(step) ? 'MANUAL' : 'AUTOMATIC',
      confirm,
    }),
    restore: discardRecoveries,
  },
  cutOverRecovery: {
    input: async (world) => ({ recovery: await readyRecovery(world), confirm }),
    restore: discardRecoveries,
  },
  undoRecovery: {
    input: async (world) => ({ recovery: await completedRecovery(world), confirm }),
    restore: discardRecoveries,
  },
  discardRecovery: {
    input: async (world) => ({
      recovery: (await recover(world.api, 'rehearseRecovery', { target: await restorePoint(world) })).id,
    }),
  },
}
