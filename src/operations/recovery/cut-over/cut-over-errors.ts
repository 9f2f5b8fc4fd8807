import { HowdahError } from '../../../domain/errors.ts'

import { settleCall } from '../../../domain/recovery/recovery-exits.ts'

/** What earlier steps keep is not there. */
export class CutOverLostError extends HowdahError {
  readonly code = 'CUT_OVER_LOST'
  constructor(what: string) {
    super(`nothing is known of the cut-over of ${what}`, { remedy: 'Recover again.' })
  }
}

/** The recovered data is of another cluster. */
export class OtherSystemError extends HowdahError {
  readonly code = 'OTHER_SYSTEM'
  constructor(copy: string, cluster: string) {
    super(`the recovered data has system identifier ${copy}, the cluster ${cluster}`, {
      remedy: 'Recover from a backup of this cluster.',
    })
  }
}

const RECOVER_AGAIN = 'A failover came in between. Recover again: the next recovery takes a later timeline.'

/** The cluster has gone on to a timeline that the recovered data has taken for itself. */
export class TimelineTakenError extends HowdahError {
  readonly code = 'TIMELINE_TAKEN'
  constructor(copy: number, cluster: number, remedy = RECOVER_AGAIN) {
    super(`the recovered data is on timeline ${copy}, and the cluster has reached timeline ${cluster} meanwhile`, {
      remedy,
    })
  }
}

/** The leader did not stop as one that has written everything. */
export class UncleanStopError extends HowdahError {
  readonly code = 'UNCLEAN_STOP'
  constructor(what: string, state: string, remedy: string) {
    super(`${what} was stopped, but its data is "${state}" instead of "shut down"`, { remedy, retryable: true })
  }
}

/** What would be given up is not in the archive. */
export class NotArchivedError extends HowdahError {
  readonly code = 'NOT_ARCHIVED'
  constructor(wal: string, why: string) {
    super(`${wal} is not in Barman's archive: ${why}`, {
      remedy: 'See checkBackupServer(input: {}); what is given up must stay recoverable, so nothing was cut over.',
      retryable: true,
    })
  }
}

/** Directories are not as any cut-over leaves them. */
export class UnexpectedDirectoriesError extends HowdahError {
  readonly code = 'UNEXPECTED_DIRECTORIES'
  constructor(service: string, seen: string) {
    super(`the data directories of ${service} are not as a cut-over leaves them: ${seen}`, {
      remedy:
        'Nothing was moved. Look at them in the container, and put the data of the cluster in its place; Howdah looks again every few minutes; to have it look at once, settle the recovery (settleRecovery).',
    })
  }
}

/** The new leader has begun: going back now would lose what was written to it. */
export class AlreadyLeadingError extends HowdahError {
  readonly code = 'ALREADY_LEADING'
  constructor(node: string, previous: string, recovery: string) {
    super(`${node} has begun to lead with the recovered data, and may have taken writes: it goes on serving`, {
      remedy: `Howdah completes the cut-over by itself within a minute: ${settleCall(recovery)} does so at once. The data from before is in ${previous} on ${node}; to bring it back, undo the recovery then (undoRecovery).`,
    })
  }
}

/** Patroni was started again with the data from before, and no node leads yet. */
export class NotRolledBackError extends HowdahError {
  readonly code = 'NOT_ROLLED_BACK'
  constructor(why: string, recovery: string) {
    super(`the data from before is in its place and Patroni was started on every node, but no node leads yet: ${why}`, {
      remedy: `Bring etcd back if it has no quorum: startService(input: {service: "etcd1"}), and "etcd2". Patroni then elects by itself, and Howdah settles the recovery: ${settleCall(recovery)} does so at once.`,
    })
  }
}

/** The data from before a cut-over cannot be brought to where it ended. */
export class HistoryMissingError extends HowdahError {
  readonly code = 'HISTORY_MISSING'
  constructor(directory: string, seen: string) {
    super(`the data in ${directory} does not reach the end of its history: ${seen}`, {
      remedy: 'Recover to the end of that timeline (recoverCluster): that brings it back from the archive.',
    })
  }
}
