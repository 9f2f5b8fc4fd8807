import { type Backup, isCopied } from '../../domain/backup/backup.ts'
import type { Tablespace } from '../../domain/backup/tablespace.ts'
import type { Verification, Verifications } from '../../domain/backup/verification.ts'
import type { ClusterSnapshot } from '../../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../domain/cluster/cluster-layout.ts'
import { windowsWith } from '../../domain/recovery/cluster-windows.ts'
import { canRecoverTo, type RecoverabilityVerdict } from '../../domain/recovery/recoverability.ts'
import { RecoveryMode } from '../../domain/recovery/recovery.ts'
import { parseRecoveryTarget, type RecoveryTarget } from '../../domain/recovery/recovery-target.ts'
import type { RecoveryWindow } from '../../domain/recovery/recovery-window.ts'
import { findServer, serverName } from '../backups/find-server.ts'
import { damagedBackups } from '../backups/verifications.ts'
import { leaderOf, snapshotOf } from '../node-access/node-health.ts'
import type { AnyRecoveryInput } from './recovery-inputs.ts'

export interface RecoveryContext {
  readonly input: AnyRecoveryInput
  readonly layout: ClusterLayout
  readonly cluster: ClusterSnapshot
  readonly now: Date
  readonly verifications: Verifications
}

/** Null where the input is wrong: `parseRecoveryTarget` says how. */
export function targetOf({ target }: AnyRecoveryInput): RecoveryTarget | null {
  return parseRecoveryTarget(target ?? {}).target
}

/** Which backup and timeline it would be, or why none. */
export function judge(context: RecoveryContext, target: RecoveryTarget): RecoverabilityVerdict | null {
  const server = findServer(context.cluster, context)
  if (server === undefined || server.wal.value === null) return null
  const backups = server.backups.value ?? []
  return canRecoverTo(target, windowsWith(context.cluster, server, backups), {
    now: context.now,
    wal: server.wal.value,
    backupId: backupIdOf(context, backups),
    damaged: new Set(damagedOf(context).keys()),
  })
}

/** The backups that are not to be restored, and how that was found. */
export function damagedOf(context: RecoveryContext): ReadonlyMap<string, Verification> {
  const server = findServer(context.cluster, context)
  return server === undefined ? new Map() : damagedBackups(server, context.verifications)
}

/** The window that a verdict is about. */
export function windowOf(context: RecoveryContext, { backup, timeline }: RecoverabilityVerdict): RecoveryWindow | null {
  const server = findServer(context.cluster, context)
  if (server === undefined) return null
  const windows = windowsWith(context.cluster, server, server.backups.value ?? [])
  return windows.find((each) => each.backup.backupId === backup?.backupId && each.timeline === timeline) ?? null
}

/** The node that an in-place recovery is put on; null where it is unknown. */
export function nodeOfRecovery(context: RecoveryContext): string | null {
  return context.input.node ?? leaderOf(context.cluster)
}

/** Where a node has its data directory, and what is to be renamed into its place. */
export function volumeOf(layout: ClusterLayout, node: string | null): string | null {
  return layout.nodes.find(({ name }) => name === node)?.dataDirectory ?? null
}

/** The tablespaces that the cluster has now, as far as the leader was seen. */
export function tablespacesNow(cluster: ClusterSnapshot): readonly Tablespace[] {
  const leader = leaderOf(cluster)
  return (leader === null ? null : snapshotOf(cluster, leader)?.postgres.value?.tablespaces) ?? []
}

/** The service whose container holds the copy. */
export function serviceOfRecovery(context: RecoveryContext, mode: RecoveryMode): string | null {
  const { layout } = context
  if (mode === RecoveryMode.REHEARSAL) {
    return layout.backupServers.find(({ name }) => name === serverName(context))?.service ?? null
  }
  const node = nodeOfRecovery(context)
  return layout.nodes.find(({ name }) => name === node)?.service ?? null
}

/** Bytes that the copy takes: its files, and the WAL that PostgreSQL keeps at one time. */
export function bytesNeeded({ backup, bytesToReplay }: RecoverabilityVerdict): number | null {
  const size = backup?.clusterSizeBytes ?? null
  return size === null ? null : Math.ceil(size * 1.05 + Math.min(bytesToReplay ?? KEPT_WAL_BYTES, KEPT_WAL_BYTES))
}

const KEPT_WAL_BYTES = 1024 ** 3

function backupIdOf(context: RecoveryContext, backups: readonly Backup[]): string | null {
  const { backup } = context.input
  if (backup !== 'latest') return backup ?? null
  const damaged = damagedOf(context)
  return backups.findLast(({ status, backupId }) => isCopied(status) && !damaged.has(backupId))?.backupId ?? null
}
