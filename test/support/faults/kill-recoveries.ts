import { discardRecoveries } from '../stack/discard-recoveries.ts'
import { newestOperation, performOperation } from '../stack/operation-client.ts'
import {
  type ListedRecovery,
  listRecoveries,
  recover,
  untilBackedUp,
  untilRecoverable,
} from '../stack/recovery-client.ts'
import { leaderSql } from '../stack/sql.ts'
import { waitForHealthyCluster, waitForNothingRunning } from '../stack/stack-conditions.ts'
import { confirm, type Kill, type World } from './kill-case.ts'

/** Steps of recoverCluster that make its copy. */
export const BEFORE_READY = ['prepare-recovery', 'restore-backup', 'replay-wal', 'verify-copy', 'publish-copy']

/** A moment that the archive has, with something after it: a restore point, whose WAL is closed. */
export async function restorePoint({ facts, api }: World): Promise<{ lsn: string }> {
  // A base backup that follows a cut-over would be after the point, or be removed while it is needed.
  await waitForNothingRunning(api)
  const [point] = await leaderSql<{ lsn: string }>(facts, `SELECT pg_create_restore_point('kill')::text AS lsn`)
  await leaderSql(facts, 'SELECT pg_switch_wal()')
  const target = { lsn: point?.lsn ?? '' }
  await untilRecoverable(api, target)
  return target
}

export async function nodeBesideLeader({ api }: World): Promise<string> {
  const { cluster } = await api.query<{ cluster: { leader: { name: string } } }>('{ cluster { leader { name } } }')
  return ['db2', 'db3', 'db4'].find((name) => name !== cluster.leader.name) ?? 'db2'
}

/** Is what the kill leaves, where its operation goes on, a recovery that waits for its cut-over, or one that can be undone? */
const leavesReady = ({ kind, step }: Kill) => kind === 'recoverCluster' && BEFORE_READY.includes(step)
const leavesUndoable = ({ kind, step }: Kill) =>
  kind === 'cutOverRecovery' || (kind === 'recoverCluster' && !BEFORE_READY.includes(step))

/**
 * Kills of a cut-over or an undo right after one that leaves what they begin with: to make a recovery for each would take
 * a fifth of the suite's time.
 */
export function recoveriesTakenUp(kills: readonly Kill[]): Kill[] {
  const cutOvers = kills.filter(({ kind }) => kind === 'cutOverRecovery')
  const undoings = kills.filter(({ kind }) => kind === 'undoRecovery')
  const undone = (kill: Kill) => (leavesUndoable(kill) ? [kill, ...undoings.splice(0, 1)] : [kill])
  const others = kills.filter((kill) => !cutOvers.includes(kill) && !undoings.includes(kill))
  const chains = others.flatMap((kill) =>
    leavesReady(kill) ? [kill, ...cutOvers.splice(0, 1).flatMap(undone)] : undone(kill),
  )
  return [...chains, ...cutOvers.flatMap(undone), ...undoings]
}

const isReady = ({ status, mode }: ListedRecovery) => status === 'READY' && mode === 'IN_PLACE'
const isUndoable = ({ undoable }: ListedRecovery) => undoable

async function findRecovery({ api }: World, wanted: (recovery: ListedRecovery) => boolean): Promise<string | null> {
  return (await listRecoveries(api)).find(wanted)?.id ?? null
}

/** That of the kill before, or a new one. */
export async function readyRecovery(world: World): Promise<string> {
  const left = await findRecovery(world, isReady)
  if (left !== null) return left
  const input = { target: await restorePoint(world), node: await nodeBesideLeader(world), cutOver: 'MANUAL', confirm }
  return (await recover(world.api, 'recoverCluster', input)).id
}

/** That of the kill before, or a new one where it was not cut over. */
export async function completedRecovery(world: World): Promise<string> {
  const left = await findRecovery(world, isUndoable)
  if (left !== null) return left
  const recovery = await readyRecovery(world)
  const { operation } = await performOperation(world.api, 'cutOverRecovery', { recovery, confirm })
  if (operation.status !== 'SUCCEEDED') throw new Error(`cutOverRecovery: ${JSON.stringify(operation.error)}`)
  await waitForHealthyCluster(world.api)
  // An undo beside the backup that follows is a conflict.
  await untilBackedUp(world.api, operation.id)
  return recovery
}

/** What the next kill takes up is left to it. */
export async function discardUnlessTakenUp(world: World, next: Kill | undefined): Promise<void> {
  if (next?.kind === 'cutOverRecovery' && (await findRecovery(world, isReady)) !== null) return
  if (next?.kind === 'undoRecovery' && (await findRecovery(world, isUndoable)) !== null) {
    const cutOver = await newestOperation(world.api, ['RECOVER_CLUSTER', 'CUT_OVER_RECOVERY'])
    await untilBackedUp(world.api, cutOver ?? '')
    return
  }
  await discardRecoveries(world)
}
