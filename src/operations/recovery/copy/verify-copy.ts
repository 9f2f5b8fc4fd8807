import type { RecoveredCopy } from '../../../clients/agent/recovered-copy.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import { describeFaults, Verdict, verdictOf } from '../../../domain/check-verdict.ts'
import { InvalidValueError, messageOf } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { RecoveryMode, type RecoveryRecord, RecoveryStatus, totalSecondsOf } from '../../../domain/recovery/recovery.ts'
import { type RowEstimates, readRowEstimates } from '../../../domain/recovery/row-estimates.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { RecoveryNotVerifiedError, RecoveryTooSlowError } from '../recovery-errors.ts'
import type { AnyRecoveryInput } from '../recovery-inputs.ts'
import { CutOver } from '../recovery-inputs.ts'
import { targetOf } from '../recovery-verdict.ts'
import { targetCheck } from './prove-target.ts'
import type { RecoveryState } from './recovery-state.ts'
import { startOf } from './restore-backup.ts'
import { runAssertion } from './run-assertion.ts'

/** For one database. */
const ESTIMATES_MS = 10_000

type Context = StepContext<AnyRecoveryInput, RecoveryState>

/**
 * Looks at the copy from all sides. What it finds is a result, not an error: the recovery is READY with it, so that a
 * person can look. Where the cut-over follows without a look, or where that was requested, it ends there.
 */
export const verifyCopy: Step<AnyRecoveryInput, RecoveryState> = {
  name: 'verify-copy',
  title: 'Verify the recovered data',
  weight: 2,
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const record = await context.recoveries.change(context.operation.id, { status: RecoveryStatus.VERIFYING })
    const copy = context.clients.recoveredCopy(record.service, record.directory)
    const target = targetOf(context.input)
    if (target === null) throw new InvalidValueError('the target can no longer be read')
    const startedAt = await startOf(context, 'verifyStartedAt', 'Verifying')
    await releaseLocks(context, copy, record)
    const checks: Check[] = [
      await checkConsistent(copy),
      ...(await copy.verify((message) => context.progress({ message }), context.signal)),
      targetCheck(context, target, record.reached),
    ]
    for (const [index, assertion] of (context.input.assertions ?? []).entries()) {
      checks.push(await runAssertion(copy, assertion, index + 1))
    }
    for (const { name, status, message } of checks) {
      const level = status === CheckStatus.OK ? LogLevel.INFO : LogLevel.WARNING
      context.log(`${name}: ${status}${message === null ? '' : ` (${message})`}`, level)
    }
    const faults = describeFaults(checks)
    const passed = verdictOf(checks) === Verdict.PASSED
    const message = faults ?? 'everything is as it has to be'
    const rowEstimates = await estimatesOf(context, copy)
    const verifySeconds = (context.now().getTime() - startedAt) / 1000
    const verification = { at: context.now().toISOString(), passed, message, checks }
    const verified = await context.recoveries.change(record.id, { verification, verifySeconds, rowEstimates })
    if (faults !== null && mustPass(context)) throw new RecoveryNotVerifiedError(faults)
    const seconds = totalSecondsOf(verified) ?? 0
    context.log(`Recovered and verified in ${Math.round(seconds)} s`)
    // Of data that did not pass, that is what there is to say.
    if (faults !== null) return { notVerified: faults }
    requireInTime(context, seconds)
    return undefined
  },
}

/** For Recovery.comparison: the API cannot reach the copy itself. What keeps them from coming says nothing about the data. */
async function estimatesOf(context: Context, copy: RecoveredCopy): Promise<RowEstimates | null> {
  try {
    return await readRowEstimates((database, sql) => copy.query(database, sql, ESTIMATES_MS))
  } catch (error) {
    context.log(`Row estimates of the recovered data could not be read: ${messageOf(error)}`, LogLevel.WARNING)
    return null
  }
}

/** What an operation is to say at its end, beside its success, of data that did not pass; null where it did. */
export function unverifiedOutcome({ state }: Pick<StepContext<unknown, RecoveryState>, 'state'>): string | null {
  const { notVerified } = state()
  return notVerified === undefined ? null : `READY, but its verification did not pass: ${notVerified}`
}

const mustPass = (context: Context) =>
  isAutomatic(context) || context.input.requireVerified === true || context.input.discard === true

function requireInTime({ input }: Context, seconds: number): void {
  if (input.budgetSeconds != null && seconds > input.budgetSeconds) {
    throw new RecoveryTooSlowError(seconds, input.budgetSeconds)
  }
}

const isAutomatic = ({ input }: Context) => input.cutOver === CutOver.AUTOMATIC

/**
 * A transaction that was in progress at the target may hold relations for itself, the dropped table above all: while the
 * copy is paused no session can read them. Promoted, it rolls the transaction back.
 */
async function releaseLocks(context: Context, copy: RecoveredCopy, record: RecoveryRecord): Promise<void> {
  const { state, locks } = await copy.status()
  if (state === 'PAUSED' && locks > 0) {
    context.log(
      `A transaction in progress at the target holds ${locks} relations, which no session could read: promoting the copy`,
    )
    await copy.promote()
  } else if (state !== 'PROMOTED' || record.timeline !== record.targetTimeline) {
    // A worker may have been lost between the promotion and its record.
    return
  }
  const { timeline } = await copy.status()
  await context.recoveries.change(record.id, { timeline })
  if (record.mode === RecoveryMode.IN_PLACE && !isAutomatic(context)) {
    const message = `The copy has taken timeline ${timeline}. A switchover or failover before its cut-over takes the same one: the recovery then has to be repeated.`
    context.log(message, LogLevel.WARNING)
  }
}

async function checkConsistent(copy: RecoveredCopy): Promise<Check> {
  const { state } = await copy.status()
  const name = 'consistent'
  if (state === 'PAUSED' || state === 'PROMOTED') {
    const message = `PostgreSQL is up, consistent, and ${state.toLowerCase()}`
    return { name, status: CheckStatus.OK, message, hint: null }
  }
  if (state === 'ABSENT') return { name, status: CheckStatus.FAILED, message: 'its files are gone', hint: null }
  // It may have been killed, or not be there yet: that is nothing against the data.
  const hint = "See the last lines of its log in the operation's log, and recover again."
  return { name, status: CheckStatus.UNKNOWN, message: `not checked: PostgreSQL is ${state}`, hint }
}
