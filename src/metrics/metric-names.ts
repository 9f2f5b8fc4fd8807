/**
 * What `/metrics` tells of a cluster, without the prefix `howdah_`, and of what: the labels beside `cluster`. A value that is not known is left
 * out: it is never a zero. Times are seconds since 1970. docs/MONITORING.md is held to this table.
 */
export const CLUSTER_METRICS = {
  cluster_has_leader: { help: 'Whether a node leads.', labels: [] },
  cluster_writable: { help: 'Whether applications certainly can write: 0 also where that is not known.', labels: [] },
  cluster_paused: { help: "Whether Patroni's automatic failover is paused.", labels: [] },
  node_up: { help: 'Whether the node answers.', labels: ['node'] },
  node_role: { help: 'The role that the node has: 1.', labels: ['node', 'role'] },
  replication_lag_bytes: {
    help: 'WAL that the leader has written and the replica has not received, or not replayed.',
    labels: ['node', 'kind'],
  },
  replication_lag_seconds: {
    help: 'Since the last commit that was replayed; 0 where all is replayed.',
    labels: ['node'],
  },
  slot_retained_bytes: { help: 'WAL that a replication slot keeps from being removed.', labels: ['node', 'slot'] },
  etcd_spare_members: { help: 'Members of etcd that may be lost before its quorum is.', labels: [] },
  source_up: { help: 'Whether Howdah can read this source.', labels: ['source'] },
  source_last_seen_timestamp_seconds: { help: 'When Howdah last read this source.', labels: ['source'] },
  possible_loss_seconds: {
    help: 'Writes that losing every node now would lose. Left out where that is not known.',
    labels: [],
  },
  recovery_earliest_timestamp_seconds: { help: 'The first moment that can be gone back to.', labels: ['server'] },
  recovery_latest_timestamp_seconds: { help: 'The last moment that can be gone back to.', labels: ['server'] },
  recovery_windows: { help: 'Recovery windows of backups that may be restored.', labels: ['server'] },
  recovery_point_lag_seconds: { help: 'Since Barman last took WAL; 0 where it has all.', labels: ['server'] },
  wal_gaps: { help: 'Gaps in the WAL archive.', labels: ['server'] },
  wal_pending_segments: { help: 'Segments that the leader has finished and not archived.', labels: [] },
  wal_last_archived_timestamp_seconds: { help: 'When archive_command last succeeded.', labels: [] },
  wal_last_failed_timestamp_seconds: { help: 'When archive_command last failed.', labels: [] },
  backup_last_success_timestamp_seconds: { help: 'When the newest whole backup ended.', labels: ['server', 'type'] },
  backup_last_failure_timestamp_seconds: {
    help: 'When the newest backup that failed began.',
    labels: ['server', 'type'],
  },
  backup_last_duration_seconds: { help: 'How long the newest whole backup took.', labels: ['server', 'type'] },
  backup_last_size_bytes: { help: "The newest whole backup, on Barman's disk.", labels: ['server', 'type'] },
  backup_server_free_bytes: { help: "What is free on Barman's disk.", labels: ['server'] },
  backup_server_total_bytes: { help: "The size of Barman's disk.", labels: ['server'] },
  backup_check_ok: { help: "Whether a check of Barman's passes.", labels: ['server', 'check'] },
  recovery_last_proof_timestamp_seconds: { help: 'When a recovered copy last passed its verification.', labels: [] },
  recovery_last_proof_duration_seconds: { help: 'How long that recovery took: the recovery time actual.', labels: [] },
  recovery_restore_seconds: { help: 'Its restore.', labels: [] },
  recovery_replay_seconds: { help: 'Its replay.', labels: [] },
  recovery_undoable: { help: 'Cut-overs that can be undone.', labels: [] },
  health_issue: { help: 'Health issues that are open.', labels: ['code', 'severity'] },
  schedule_state: { help: 'The state that the schedule has: 1.', labels: ['schedule', 'state'] },
  schedule_next_timestamp_seconds: { help: 'When its next slot is.', labels: ['schedule'] },
} as const satisfies Readonly<Record<string, { readonly help: string; readonly labels: readonly string[] }>>

/** The same of Howdah itself: without `cluster`. */
export const HOWDAH_METRICS = {
  workers_up: { help: 'Whether a worker runs.', labels: [] },
  operations_waiting: { help: 'Operations that have not ended.', labels: [] },
} as const satisfies Readonly<Record<string, { readonly help: string; readonly labels: readonly string[] }>>

export type Metric = keyof typeof CLUSTER_METRICS | keyof typeof HOWDAH_METRICS

/** One value. `labels`: all that its metric has, but `cluster`. */
export interface Sample {
  readonly metric: Metric
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** None where the value is not known. */
export function sample(
  metric: Metric,
  value: number | boolean | null | undefined,
  labels: Readonly<Record<string, string>> = {},
): Sample[] {
  return value === null || value === undefined ? [] : [{ metric, labels, value: Number(value) }]
}
