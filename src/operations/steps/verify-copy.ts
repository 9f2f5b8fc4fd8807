import { type Check, CheckStatus } from '../../domain/backup.ts'
import { InvalidValueError, messageOf } from '../../domain/errors.ts'
import { parseLsn } from '../../domain/lsn.ts'
import { LogLevel } from '../../domain/operation-events.ts'
import { type RecoveryPoint, RecoveryStatus } from '../../domain/recovery.ts'
import { describeTarget, type RecoveryTarget } from '../../domain/recovery-target.ts'
import type { RecoveredCopy } from '../clients/recovered-copy.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { RecoveryNotVerifiedError } from './recovery-errors.ts'
import { type Assertion, type RecoveryRequest, targetOf } from './recovery-subject.ts'

const ASSERTION_MS = 60_000

/**
 * Looks at the copy from all sides. What it finds is a result, not an error: the recovery is READY with it, so that a
 * person can look. Only where nobody would look before the cut over does it end there.
 */
export const verifyCopy: Step<RecoveryRequest & { readonly cutOver?: string | null }> = {
  name: 'verify-copy',
  title: 'Verify the recovered data',
  weight: 2,
  done: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const record = await context.recoveries.change(context.operation.id, { status: RecoveryStatus.VERIFYING })
    const copy = context.clients.recoveredCopy(record.service, record.directory)
    const target = targetOf(context.input)
    if (target === null) throw new InvalidValueError('the target cannot be read any more')
    const checks: Check[] = [
      await checkConsistent(copy),
      ...(await copy.verify((message) => context.progress({ message }), context.signal)),
      checkReached(target, record.reached),
    ]
    for (const [index, assertion] of (context.input.assertions ?? []).entries()) {
      checks.push(await checkAssertion(copy, assertion, index + 1))
    }
    const failed = checks.filter(({ status }) => status === CheckStatus.FAILED)
    for (const { name, status, message } of checks) {
      const level = status === CheckStatus.OK ? LogLevel.INFO : LogLevel.WARNING
      context.log(`${name}: ${status}${message === null ? '' : ` (${message})`}`, level)
    }
    const faults = failed.map(({ name, message }) => `${name}: ${message ?? 'failed'}`)
    const message = faults.length === 0 ? 'everything is as it has to be' : faults.join('; ')
    const verification = { at: context.now().toISOString(), passed: failed.length === 0, message, checks }
    await context.recoveries.change(record.id, { verification })
    if (failed.length > 0 && context.input.cutOver === 'AUTOMATIC') throw new RecoveryNotVerifiedError(faults)
    return undefined
  },
}

async function checkConsistent(copy: RecoveredCopy): Promise<Check> {
  const { state } = await copy.status()
  const up = state === 'PAUSED'
  return {
    name: 'consistent',
    status: up ? CheckStatus.OK : CheckStatus.FAILED,
    message: up ? 'PostgreSQL is up, consistent, and paused' : `PostgreSQL is ${state}`,
    hint: null,
  }
}

/** That nothing beyond the target was replayed. */
export function checkReached(target: RecoveryTarget, reached: RecoveryPoint | null): Check {
  const at = `last commit ${reached?.xid ?? 'none'} of ${reached?.time ?? 'no time'}, LSN ${reached?.lsn ?? 'unknown'}`
  const wrong = beyond(target, reached)
  return {
    name: 'target',
    status: wrong ? CheckStatus.FAILED : CheckStatus.OK,
    message: `${describeTarget(target)}; ${at}`,
    hint: wrong ? 'Report it: PostgreSQL has not stopped where it was told.' : null,
  }
}

function beyond(target: RecoveryTarget, reached: RecoveryPoint | null): boolean {
  if (reached === null) return true
  const { time, lsn, xid } = reached
  switch (target.kind) {
    case 'TIME': {
      if (time === null) return false
      // Commit times have microseconds, the target milliseconds.
      const micros = BigInt(Date.parse(`${time.slice(0, 23)}Z`)) * 1000n + BigInt(time.slice(23, 26) || '0')
      const limit = BigInt(target.time.getTime()) * 1000n
      return target.inclusive ? micros > limit : micros >= limit
    }
    case 'LSN':
      return lsn === null || (!target.inclusive && parseLsn(lsn) > target.lsn)
    case 'XID': {
      const low = String(BigInt(target.xid) % 2n ** 32n)
      return target.inclusive ? xid !== low : xid === low
    }
    case 'NAME':
    case 'IMMEDIATE':
    case 'END':
      return lsn === null
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
    return { name, status: CheckStatus.FAILED, message: `${assertion.sql}: ${messageOf(error)}`, hint: null }
  }
}
