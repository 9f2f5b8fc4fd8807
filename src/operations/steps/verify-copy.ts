import { type Check, CheckStatus } from '../../domain/backup.ts'
import { InvalidValueError, messageOf } from '../../domain/errors.ts'
import { parseLsn } from '../../domain/lsn.ts'
import { LogLevel } from '../../domain/operation-events.ts'
import { RecoveryMode, type RecoveryPoint, type RecoveryRecord, RecoveryStatus } from '../../domain/recovery.ts'
import { describeTarget, type RecoveryTarget } from '../../domain/recovery-target.ts'
import { Timestamp } from '../../domain/timestamp.ts'
import type { RecoveredCopy } from '../clients/recovered-copy.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { RecoveryNotVerifiedError } from './recovery-errors.ts'
import { type Assertion, type RecoveryRequest, targetOf } from './recovery-subject.ts'

const ASSERTION_MS = 60_000

type VerifyRequest = RecoveryRequest & { readonly cutOver?: string | null }
type Context = StepContext<VerifyRequest>

/**
 * Looks at the copy from all sides. What it finds is a result, not an error: the recovery is READY with it, so that a
 * person can look. Only where nobody would look before the cut over does it end there.
 */
export const verifyCopy: Step<VerifyRequest> = {
  name: 'verify-copy',
  title: 'Verify the recovered data',
  weight: 2,
  done: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const record = await context.recoveries.change(context.operation.id, { status: RecoveryStatus.VERIFYING })
    const copy = context.clients.recoveredCopy(record.service, record.directory)
    const target = targetOf(context.input)
    if (target === null) throw new InvalidValueError('the target cannot be read any more')
    await releaseLocks(context, copy, record)
    const checks: Check[] = [
      await checkConsistent(copy),
      ...(await copy.verify((message) => context.progress({ message }), context.signal)),
      checkReached(target, record.reached),
    ]
    for (const [index, assertion] of (context.input.assertions ?? []).entries()) {
      checks.push(await checkAssertion(copy, assertion, index + 1))
    }
    const failed = checks.filter(({ status }) => status === CheckStatus.FAILED)
    // Before a cut over that nobody looks at, what could not be asked is as bad as what is wrong.
    const unknown = checks.filter(({ status }) => status === CheckStatus.UNKNOWN)
    for (const { name, status, message } of checks) {
      const level = status === CheckStatus.OK ? LogLevel.INFO : LogLevel.WARNING
      context.log(`${name}: ${status}${message === null ? '' : ` (${message})`}`, level)
    }
    const faults = failed.map(({ name, message }) => `${name}: ${message ?? 'failed'}`)
    const message = faults.length === 0 ? 'everything is as it has to be' : faults.join('; ')
    const verification = { at: context.now().toISOString(), passed: failed.length === 0, message, checks }
    await context.recoveries.change(record.id, { verification })
    if (isAutomatic(context) && failed.length + unknown.length > 0) {
      throw new RecoveryNotVerifiedError(
        [...failed, ...unknown].map(({ name, message }) => `${name}: ${message ?? 'not known'}`),
      )
    }
    return undefined
  },
}

const isAutomatic = ({ input }: Context) => input.cutOver === 'AUTOMATIC'

/**
 * A transaction that was in progress at the target may hold relations for itself, the dropped table above all: while the
 * copy is paused nobody can read them. Promoted, it takes the transaction back.
 */
async function releaseLocks(context: Context, copy: RecoveredCopy, record: RecoveryRecord): Promise<void> {
  const { state, locks } = await copy.status()
  if (state === 'PAUSED' && locks > 0) {
    context.log(
      `A transaction in progress at the target holds ${locks} relations, which nobody could read: promoting the copy`,
    )
    await copy.promote()
  } else if (state !== 'PROMOTED' || record.timeline !== record.targetTimeline) {
    // A worker may have been lost between the promotion and its record.
    return
  }
  const { timeline } = await copy.status()
  await context.recoveries.change(record.id, { timeline })
  if (record.mode === RecoveryMode.IN_PLACE && !isAutomatic(context)) {
    const message = `The copy has taken timeline ${timeline}. A switchover or failover before its cut over takes the same one: the recovery has to be made anew then.`
    context.log(message, LogLevel.WARNING)
  }
}

async function checkConsistent(copy: RecoveredCopy): Promise<Check> {
  const { state } = await copy.status()
  const up = state === 'PAUSED' || state === 'PROMOTED'
  return {
    name: 'consistent',
    status: up ? CheckStatus.OK : CheckStatus.FAILED,
    message: up ? `PostgreSQL is up, consistent, and ${state.toLowerCase()}` : `PostgreSQL is ${state}`,
    hint: null,
  }
}

/** That nothing beyond the target was replayed. */
export function checkReached(target: RecoveryTarget, reached: RecoveryPoint | null): Check {
  const at = `last commit ${reached?.xid ?? 'none'} of ${reached?.time ?? 'no time'}, LSN ${reached?.lsn ?? 'unknown'}`
  const status = reached === null ? CheckStatus.FAILED : statusOf(target, reached)
  const hints: Partial<Record<CheckStatus, string>> = {
    FAILED: 'Report it: PostgreSQL has not stopped where it was told.',
    UNKNOWN: 'Commit timestamps are off, or the transaction was rolled back: look at the data.',
  }
  return { name: 'target', status, message: `${describeTarget(target)}; ${at}`, hint: hints[status] ?? null }
}

function statusOf(target: RecoveryTarget, { time, lsn, xid }: RecoveryPoint): CheckStatus {
  const unless = (wrong: boolean) => (wrong ? CheckStatus.FAILED : CheckStatus.OK)
  switch (target.kind) {
    case 'TIME': {
      if (time === null) return CheckStatus.OK
      const last = Timestamp.parse(time)
      return unless(last.isAfter(target.time) || (!target.inclusive && last.equals(target.time)))
    }
    case 'LSN':
      return unless(lsn === null || (!target.inclusive && parseLsn(lsn) > target.lsn))
    case 'XID': {
      const isLast = xid === String(BigInt(target.xid) % 2n ** 32n)
      if (target.inclusive) return isLast ? CheckStatus.OK : CheckStatus.UNKNOWN
      return unless(isLast)
    }
    case 'NAME':
    case 'IMMEDIATE':
    case 'END':
      return unless(lsn === null)
  }
}

async function checkAssertion(copy: RecoveredCopy, assertion: Assertion, number: number): Promise<Check> {
  const name = `assertion ${number}`
  try {
    const rows = await copy.query(assertion.database ?? 'postgres', assertion.sql, ASSERTION_MS)
    const found = rows[0]?.[0] ?? ''
    if (found === assertion.expect) return { name, status: CheckStatus.OK, message: assertion.sql, hint: null }
    const message = `${assertion.sql}: expected ${JSON.stringify(assertion.expect)}, found ${JSON.stringify(found)}`
    return { name, status: CheckStatus.FAILED, message, hint: null }
  } catch (error) {
    const locked = messageOf(error).includes('lock timeout')
    return {
      name,
      status: locked ? CheckStatus.UNKNOWN : CheckStatus.FAILED,
      message: `${assertion.sql}: ${messageOf(error)}`,
      hint: locked ? 'Somebody else holds it: ask again in the recovered data itself.' : null,
    }
  }
}
