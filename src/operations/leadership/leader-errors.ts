import type { PatroniAnswer } from '../../clients/patroni/patroni-commands.ts'
import { HowdahError } from '../../domain/errors.ts'

/** Between the request and its turn, no node was left that could take over. */
export class NoCandidateError extends HowdahError {
  readonly code = 'CANDIDATE_NOT_ELIGIBLE'
  constructor(
    /** Null: any node would have done. */
    readonly candidate: string | null,
    readonly reasons: readonly string[],
  ) {
    super(`${candidate === null ? 'no node can' : `${candidate} cannot`} take over now: ${reasons.join(' ')}`, {
      remedy: `Fix what the reasons name, then retry the operation (retryOperation)${candidate === null ? '' : ', or name another candidate: PostgresNode.switchoverEligibility says who may'}.`,
      retryable: true,
    })
  }
}

/** Another node leads than the one from which was to be switched. */
export class LeaderChangedError extends HowdahError {
  readonly code = 'LEADER_CHANGED'
  constructor(
    readonly expected: string | null,
    readonly found: string | null,
  ) {
    super(`${expected ?? 'no node'} was leading when this was prepared, and now ${found ?? 'no node'} does`, {
      remedy: 'Look at cluster.leader; if another leader is still wanted, request it again.',
    })
  }
}

/** Patroni was asked, all is over, and the same node leads as before. */
export class LeaderUnchangedError extends HowdahError {
  readonly code = 'LEADER_UNCHANGED'
  constructor(
    readonly leader: string | null,
    /** Patroni's own sentence, or why there was none. */
    readonly said: string,
    /** For each other node why it may not take over, or that it may. */
    readonly nodes: readonly string[],
  ) {
    super(`${leader ?? 'no node'} still leads. Patroni: ${said}. ${nodes.join(' ')}`, {
      remedy: 'Fix what the reasons name, then retry the operation (retryOperation); or ask for another candidate.',
      retryable: true,
    })
  }
}

/** Patroni did not do what only concerns its schedule. */
export class ScheduleError extends HowdahError {
  readonly code = 'SCHEDULE_NOT_CHANGED'
  constructor(
    readonly what: string,
    readonly answer: PatroniAnswer | null,
  ) {
    super(`Patroni ${what}${answer === null ? '' : ` (${answer.status}: ${answer.text})`}`, {
      remedy: 'Look at cluster.scheduledSwitchover, then retry the operation (retryOperation).',
      retryable: true,
    })
  }
}
