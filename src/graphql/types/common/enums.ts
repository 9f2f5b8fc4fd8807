import { BackupStatus, RetentionStatus } from '../../../domain/backup/backup.ts'
import { CheckStatus } from '../../../domain/check.ts'
import { NodeRole, NodeState, ServiceState } from '../../../domain/cluster/node.ts'
import { OperationStatus, Role, StepStatus, Surface } from '../../../domain/operation/operation.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { describeEnum } from '../../../operations/describe-enum.ts'

describeEnum(CheckStatus, 'CheckStatus', 'Outcome of one check.', {
  OK: 'Nothing to do.',
  WARNING: 'It works, and an operator should look at it.',
  FAILED: 'It does not work.',
  UNKNOWN: 'It could not be checked.',
})
describeEnum(NodeRole, 'NodeRole', "What a node is in its cluster. Source: Patroni's member key and REST API.", {
  LEADER: 'Holds the leader key: the read-write primary.',
  REPLICA: 'An asynchronous standby.',
  SYNC_STANDBY: 'A standby that commits wait for.',
  QUORUM_STANDBY: 'One of the standbys of which commits wait for a number.',
  STANDBY_LEADER: 'Leads a standby cluster: follows another cluster, and has replicas.',
  UNKNOWN: 'It cannot be seen now.',
})
describeEnum(
  NodeState,
  'NodeState',
  "What a node's PostgreSQL is doing. Source: Patroni, and Docker for a node whose Patroni is away.",
  {
    RUNNING: 'Runs: the primary, or a standby that does not stream now.',
    STREAMING: 'A standby that receives WAL from its upstream.',
    IN_ARCHIVE_RECOVERY: 'A standby that reads WAL from the archive.',
    STARTING: 'PostgreSQL is starting.',
    RESTARTING: 'PostgreSQL is being restarted.',
    STOPPING: 'PostgreSQL is stopping.',
    STOPPED: 'PostgreSQL is stopped, and Patroni runs.',
    CRASHED: 'PostgreSQL ended by itself or did not start.',
    CREATING_REPLICA: 'Copies its data directory from a base backup.',
    INITIALIZING: 'A new cluster is being bootstrapped.',
    UNREACHABLE: "The node's Patroni does not answer.",
    UNKNOWN: 'It cannot be seen now.',
  },
)
describeEnum(ServiceState, 'ServiceState', 'State of a container. Source: Docker.', {
  RUNNING: 'Its main process runs.',
  PAUSED: 'Its processes are frozen.',
  RESTARTING: 'Docker is starting it again.',
  EXITED: 'Its main process has ended.',
  CREATED: 'It has never been started.',
  DEAD: 'Docker could not remove it.',
  REMOVING: 'Docker is removing it.',
  MISSING: 'It is configured and does not exist.',
  UNKNOWN: 'Docker cannot be asked.',
})
describeEnum(BackupStatus, 'BackupStatus', "Life of a base backup. Source: Barman's catalogue.", {
  EMPTY: 'Registered, nothing copied.',
  STARTED: 'Is being copied.',
  WAITING_FOR_WALS: 'Copied; the WAL that makes it consistent is not archived yet.',
  DONE: 'Complete.',
  SYNCING: 'Is being copied from another Barman.',
  FAILED: 'Ended without being complete.',
  UNKNOWN: 'A status that this version does not know.',
})
describeEnum(RetentionStatus, 'RetentionStatus', 'What the retention policy says of a backup. Source: Barman.', {
  VALID: 'Needed by the policy.',
  OBSOLETE: 'The next `barman cron` removes it.',
  POTENTIALLY_OBSOLETE: 'Obsolete by age or count, kept for the minimum redundancy.',
  KEEP_FULL: 'Kept on purpose, with all WAL that follows.',
  KEEP_STANDALONE: 'Kept on purpose, with the WAL that makes it consistent.',
  NONE: 'No retention policy applies.',
})
describeEnum(
  OperationStatus,
  'OperationStatus',
  'Where an operation is in its life. SUCCEEDED, FAILED, CANCELLED, INTERRUPTED and REJECTED are final.',
  {
    PROPOSED: 'Waits for an approval; nothing of it runs, and it stands in no way.',
    REJECTED: 'It was proposed and not approved; nothing of it ran.',
    QUEUED: 'Recorded, and waits for a worker.',
    RUNNING: 'A worker runs its steps.',
    CANCELLING: 'A cancel was requested; its steps are being undone.',
    SUCCEEDED: 'Every step succeeded.',
    FAILED: 'A step failed; what can be undone was undone.',
    CANCELLED: 'Ended as asked.',
    INTERRUPTED: 'How far it got is unknown: a person has to look (see `error`).',
  },
)
describeEnum(StepStatus, 'StepStatus', 'Where one step of an operation is.', {
  PENDING: 'Not begun.',
  RUNNING: 'Is being run.',
  SUCCEEDED: 'Done.',
  SKIPPED: 'It was already so.',
  FAILED: 'Failed.',
  CANCELLED: 'Was stopped by a cancel.',
  UNDONE: 'What it did was undone.',
})
describeEnum(LogLevel, 'LogLevel', 'How much a line of an operation matters.', {
  INFO: 'As expected.',
  WARNING: 'Unexpected; the operation goes on.',
  ERROR: 'Something failed.',
})
describeEnum(Surface, 'Surface', 'From where something was asked for.', {
  API: 'A program that says nothing else of itself.',
  CLI: 'The command line.',
  CONSOLE: 'The console in a browser.',
  CHAT: 'A command in a chat.',
  AGENT: 'A program that decides by itself what to ask for.',
  SCHEDULE: 'A schedule.',
  HOWDAH: 'Howdah by itself: what follows from another operation, or from what it saw.',
})
describeEnum(Role, 'Role', 'What a token may do.', {
  VIEWER: 'Queries and subscriptions.',
  OPERATOR: 'Also cancel, retry and every operation that is not destructive.',
  ADMIN: 'Everything.',
})
