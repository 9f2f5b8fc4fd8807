import type { Backup } from '../../../src/domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../src/domain/backup/backup-server.ts'
import type { Verifications } from '../../../src/domain/backup/verification.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import type { OperationRecord } from '../../../src/domain/operation/operation.ts'
import type { RecoveryRecord } from '../../../src/domain/recovery/recovery.ts'
import { RehearseRecoveryInput } from '../../../src/operations/recovery/copy/rehearse-recovery-input.ts'
import { RecoverClusterInput } from '../../../src/operations/recovery/recover-cluster/recover-cluster-input.ts'
import { serverOf } from './backup-server.ts'
import { backupOf, minute, range, walOf } from './backups.ts'
import { NOW, seen } from './observed.ts'
import { planContext } from './plan-context.ts'

/** The archive holds one segment a minute, each numbered as its minute, up to the one that is being written. */
export const LAST = NOW.getTime() / 60_000
export const FULL = '20261122T110000'
export const NEWER = '20261122T113000'
export const full = backupOf(LAST - 60, LAST - 59, { backupId: FULL })
export const newer = backupOf(LAST - 30, LAST - 29, { backupId: NEWER })
export const TARGET = { time: minute(LAST - 20) }

/** What a test changes of a cluster that can be recovered. */
export interface World {
  readonly server?: Partial<BackupServerSnapshot>
  readonly changes?: Partial<ClusterSnapshot>
  readonly recoveries?: readonly RecoveryRecord[]
  readonly earlier?: readonly OperationRecord[]
  readonly verifications?: Verifications
}

const clusterIn = ({ server, changes }: World): Partial<ClusterSnapshot> => ({
  backupServers: [
    serverOf({ backups: seen([full, newer]), wal: seen(walOf({ 1: range(LAST - 60, LAST - 1) })), ...server }),
  ],
  ...changes,
})
/** What `check` and `plan` of a rehearsal see. */
export const rehearsalOf = (fields: Partial<RehearseRecoveryInput> = {}, world: World = {}) =>
  planContext(
    new RehearseRecoveryInput(),
    { target: TARGET, ...fields },
    clusterIn(world),
    world.earlier,
    world.recoveries,
    world.verifications,
  )
/** The same of a recovery in place. */
export const recoveryOf = (fields: Partial<RecoverClusterInput> = {}, world: World = {}) =>
  planContext(
    new RecoverClusterInput(),
    { target: TARGET, ...fields },
    clusterIn(world),
    world.earlier,
    world.recoveries,
    world.verifications,
  )

/** Its older backup is like this. */
export const withOne = (changes: Partial<Backup>): World => ({
  server: { backups: seen([{ ...full, ...changes }, newer]) },
})

/** Names of the steps in their order. */
export const RECOVERY_STEPS = ['prepare-recovery', 'restore-backup', 'replay-wal', 'verify-copy', 'publish-copy']
export const titlesOf = (steps: readonly { readonly name: string; readonly title: string }[]) =>
  steps.map(({ name, title }) => `${name}: ${title}`)
/** Seconds of all of them. */
export const sumOf = (steps: readonly { readonly estimatedSeconds: number | null }[]) =>
  steps.reduce((sum, { estimatedSeconds }) => sum + (estimatedSeconds ?? Number.NaN), 0)
