import { type Backup, BackupStatus, BackupType, RetentionStatus } from '../../../src/domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../src/domain/backup/backup-server.ts'
import { Timestamp } from '../../../src/domain/timestamp.ts'
import type { TimelineSwitch } from '../../../src/domain/wal/timeline.ts'
import { WalIndex } from '../../../src/domain/wal/wal-index.ts'
import { DEFAULT_SEGMENT_BYTES, formatSegmentName } from '../../../src/domain/wal/wal-name.ts'

import { NOW, seen } from './observed.ts'

/** The start of a segment, as an LSN. */
export function lsnOf(number: number, offset = 0): bigint {
  return BigInt(number) * BigInt(DEFAULT_SEGMENT_BYTES) + BigInt(offset)
}

/** Segment `number` was written `number` minutes after the epoch. */
export function minute(number: number): Timestamp {
  return Timestamp.fromSeconds(number * 60)
}

export function walLine(timeline: number, number: number, size = 1000, time = number * 60): string {
  return `${formatSegmentName(timeline, number)}\t${size}\t${time}\tgzip\n`
}

/** A catalogue with, for each timeline, the numbers that are there. */
export function walOf(timelines: Readonly<Record<number, readonly number[]>>): WalIndex {
  const index = new WalIndex()
  for (const [timeline, numbers] of Object.entries(timelines)) {
    for (const number of numbers) index.append(walLine(Number(timeline), number))
  }
  return index
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

export function switchAt(timeline: number, lsn: bigint): TimelineSwitch {
  return { timeline, lsn, reason: null, at: null, newLeader: null }
}

/** A base backup that began in segment `first` and ended in the middle of segment `last`. */
export function backupOf(first: number, last: number, changes: Partial<Backup> = {}): Backup {
  const timeline = changes.timeline ?? 1
  return {
    backupId: `2026${String(first).padStart(6, '0')}`,
    server: 'patroni',
    name: null,
    status: BackupStatus.DONE,
    type: BackupType.FULL,
    method: 'postgres',
    beginTime: minute(first),
    endTime: minute(last),
    timeline,
    beginLsn: lsnOf(first, 40),
    endLsn: lsnOf(last, 4096),
    beginWal: formatSegmentName(timeline, first),
    endWal: formatSegmentName(timeline, last),
    sizeBytes: 500e6,
    clusterSizeBytes: 770e6,
    tablespaces: [],
    walBytes: null,
    walCount: null,
    compression: null,
    retentionStatus: RetentionStatus.VALID,
    keep: null,
    parentBackupId: null,
    childBackupIds: [],
    error: null,
    systemIdentifier: null,
    ...changes,
  }
}

export function backupServerOf(changes: Partial<BackupServerSnapshot> = {}): BackupServerSnapshot {
  const newest = backupOf(1, 2, { endTime: Timestamp.fromDate(new Date(NOW.getTime() - 3_600_000)) })
  const configuration = {
    active: true,
    retentionPolicy: null,
    minimumRedundancy: 0,
    compression: null,
    backupMethod: null,
  }
  return {
    cluster: 'patroni',
    name: 'patroni',
    configuration: seen(configuration),
    checks: seen([]),
    backups: seen([newest]),
    wal: seen(walOf({ 1: range(1, 9) })),
    incoming: seen({ incomingCount: 0, whole: [], streamingPartial: null, streamingModifiedAt: null }),
    disk: seen({ usedBytes: 10, freeBytes: 90, totalBytes: 100 }),
    ...changes,
  }
}
