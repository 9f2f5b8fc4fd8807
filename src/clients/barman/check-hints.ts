/** What to do about a failed check of Barman's, by its name in JSON. */
const HINTS: Readonly<Record<string, string>> = {
  postgresql:
    'Barman reaches PostgreSQL through HAProxy: see that there is a leader and that haproxy runs, then the password of the role barman.',
  postgresql_streaming:
    'See that there is a leader, and that pg_hba admits replication connections of the role barman.',
  superuser_or_standard_user_with_backup_privileges:
    'Grant the role barman EXECUTE on pg_backup_start, pg_backup_stop, pg_switch_wal and pg_create_restore_point, and membership in pg_read_all_settings, pg_read_all_stats and pg_checkpoint.',
  wal_level:
    'Set wal_level to replica or logical: updateConfiguration(input: {patch: {postgresql: {parameters: {wal_level: "replica"}}}}), then restart the nodes: restartCluster(input: {pendingOnly: true}).',
  replication_slot:
    'The slot of streaming is missing or no receiver reads it: see `slots` in the dynamic configuration, and that receive-wal runs.',
  receive_wal_running:
    'The WAL streamer is not running. It is started again within seconds; if it keeps dying, read the logs of barman. Do not reset it: that leaves a gap in the WAL.',
  directories: 'A directory of Barman is missing or not writable: see the disk and the owner of /data/pg-backup.',
  retention_policy_settings: 'Fix retention_policy in configs/barman.d and restart barman.',
  backup_maximum_age: 'The latest backup is too old: take one, createBackup(input: {type: FULL}).',
  backup_minimum_size:
    'The latest backup is smaller than expected: look at it, and take another, createBackup(input: {type: FULL}).',
  wal_maximum_age:
    'The latest archived WAL is too old: see the archiver of the leader, then switchWal(input: {force: true}).',
  compression_settings: 'Fix compression in configs/barman.conf and restart barman.',
  failed_backups: 'Read the error of the failed backups, then remove them (deleteBackup).',
  minimum_redundancy_requirements:
    'There are fewer backups than minimum_redundancy: take one, createBackup(input: {type: FULL}).',
  systemid_coherence:
    'This is not the cluster of these backups: its system identifier is another. Do not back up into this server; use another one for the new cluster.',
  archive_mode:
    'Set archive_mode to on: updateConfiguration(input: {patch: {postgresql: {parameters: {archive_mode: "on"}}}}), then restart the nodes: restartCluster(input: {pendingOnly: true}).',
  archive_command: 'Set archive_command (updateConfiguration): without it only streamed WAL arrives.',
  continuous_archiving:
    'No WAL segment has been archived lately: see the logs of the leader for archive_command, then switchWal(input: {force: true}).',
  archiver_errors:
    'Barman put WAL aside that it could not file (errors/): read its logs; a duplicate with other contents points at two primaries or a reused archive.',
  pg_basebackup: 'pg_basebackup is missing in the barman container: rebuildService(input: {service: "barman"}).',
  pg_basebackup_compatible:
    'pg_basebackup is older than the server: rebuild the barman image with the same PostgreSQL major version.',
  pg_receivexlog: 'pg_receivewal is missing in the barman container: rebuildService(input: {service: "barman"}).',
  pg_receivexlog_compatible:
    'pg_receivewal is older than the server: rebuild the barman image with the same PostgreSQL major version.',
  check_timeout:
    'The checks after it were not made: Barman did not finish within check_timeout (30 s). See what it waits for in its logs, and check again: checkBackupServer(input: {}).',
  ssh: 'Barman cannot reach the node over SSH: see the keys and the known hosts of both.',
}

const OTHERWISE = 'Read the logs of barman, and once it is fixed check again: checkBackupServer(input: {}).'

/** What these find wrong once Barman could not ask the server at all is no finding. */
const ASK_THE_SERVER = new Set([
  'postgresql_streaming',
  'superuser_or_standard_user_with_backup_privileges',
  'wal_level',
  'replication_slot',
  'archive_mode',
  'archive_command',
  'pg_basebackup_compatible',
  'pg_receivexlog_compatible',
])
const NOT_ASKED = 'Barman could not ask the server: see the check postgresql first.'

/** `connected`: whether Barman reached the server, so that its other checks tell something. */
export function hintOf(check: string, connected = true): string {
  if (!connected && ASK_THE_SERVER.has(check)) return NOT_ASKED
  return HINTS[check] ?? OTHERWISE
}
