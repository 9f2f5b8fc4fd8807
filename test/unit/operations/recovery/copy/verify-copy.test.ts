import { describe, expect, test } from 'vitest'
import type { CopyStatus } from '../../../../../src/clients/agent/recovered-copy.ts'
import { type Check, CheckStatus } from '../../../../../src/domain/check.ts'
import { CopyQueryError } from '../../../../../src/domain/recovery/copy-query-error.ts'
import { RecoveryMode, type RecoveryPoint, RecoveryStatus } from '../../../../../src/domain/recovery/recovery.ts'
import { ReplayVerdict } from '../../../../../src/domain/recovery/recovery-proof.ts'
import { unverifiedOutcome, verifyCopy } from '../../../../../src/operations/recovery/copy/verify-copy.ts'
import type { AssertionInput } from '../../../../../src/operations/recovery/recovery-inputs.ts'
import { CutOver } from '../../../../../src/operations/recovery/recovery-inputs.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'
import { FakeRecoveredCopy } from '../../../../support/fakes/fake-recovered-copy.ts'
import { FakeRecoveries } from '../../../../support/fakes/fake-recoveries.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const TIME = '2026-11-22T17:13:11.042Z'
const REACHED: RecoveryPoint = { time: '2026-11-22T17:13:11.041999Z', lsn: '0/6000000', xid: '742' }

/** The step on a copy that has come to its target. */
function verificationOf(
  given: {
    readonly mode?: RecoveryMode
    readonly cutOver?: CutOver | null
    readonly requireVerified?: boolean
    readonly discard?: boolean
    readonly budgetSeconds?: number
    /** Since it was begun. */
    readonly seconds?: number
    readonly assertions?: AssertionInput[]
    readonly look?: Partial<CopyStatus>
    readonly checks?: readonly Check[]
    readonly answer?: FakeRecoveredCopy['answer']
  } = {},
) {
  const {
    mode = RecoveryMode.IN_PLACE,
    cutOver = null,
    assertions = [],
    look = {},
    requireVerified = false,
    discard = false,
    budgetSeconds = null,
    seconds = 300,
    checks,
    answer,
  } = given
  const copy = new FakeRecoveredCopy(look)
  if (checks !== undefined) copy.checks = [...checks]
  if (answer !== undefined) copy.answer = answer
  // The clock of the step stands at 1970.
  const createdAt = new Date(-seconds * 1000).toISOString()
  const recoveries = new FakeRecoveries(recoveryRecord({ id: 'r1', mode, reached: REACHED, timeline: 1, createdAt }))
  const context = fakeStepContext({
    input: { target: { time: TIME }, cutOver, assertions, requireVerified, discard, budgetSeconds },
    clients: { recoveredCopy: (service, directory) => copy.at(service, directory) },
    operation: { id: 'r1' },
    recoveries,
    state: { proof: { verdict: ReplayVerdict.EXACT, reason: 'the next transaction is later' } },
  })
  return {
    copy,
    messages: context.messages,
    run: () => verifyCopy.run(context),
    recovery: () => recoveries.records.get('r1'),
    verification: () => recoveries.records.get('r1')?.verification ?? null,
  }
}

const found = (status: CheckStatus): Check => ({ name: 'checksums', status, message: 'what was found', hint: null })
const ONE: AssertionInput = { sql: 'SELECT count(*) FROM orders', expect: '4' }
const LOCKED = new CopyQueryError('55P03', 'canceling statement due to lock timeout')

describe('the verification', () => {
  test('looks from all sides, in order, and records what it found', async () => {
    const { run, recovery, verification } = verificationOf({ assertions: [ONE, ONE], answer: () => [['4']] })
    await run()
    expect(recovery()?.status).toBe(RecoveryStatus.VERIFYING)
    expect(verification()?.checks.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'consistent: OK',
      'checksums: OK',
      'target: OK',
      'assertion 1: OK',
      'assertion 2: OK',
    ])
    expect(verification()).toMatchObject({ passed: true, message: 'everything is as it has to be' })
  })

  test('names everything that is wrong', async () => {
    const { run, verification } = verificationOf({ checks: [found(CheckStatus.FAILED)], assertions: [ONE] })
    await run()
    expect(verification()).toMatchObject({
      passed: false,
      message: `failed: checksums: what was found; assertion 1: ${ONE.sql}: expected "4", found ""`,
    })
  })

  test('tells what failed from what was not checked', async () => {
    const answer = () => {
      throw LOCKED
    }
    const { run, verification } = verificationOf({ checks: [found(CheckStatus.FAILED)], assertions: [ONE], answer })
    await run()
    expect(verification()).toMatchObject({
      passed: false,
      message: `failed: checksums: what was found; not checked: assertion 1: ${ONE.sql}: ${LOCKED.said}`,
    })
  })

  const states: [CopyStatus['state'], CheckStatus][] = [
    ['PAUSED', CheckStatus.OK],
    ['PROMOTED', CheckStatus.OK],
    ['REPLAYING', CheckStatus.UNKNOWN],
    ['STARTING', CheckStatus.UNKNOWN],
    ['STOPPED', CheckStatus.UNKNOWN],
    ['ABSENT', CheckStatus.FAILED],
  ]
  test.each(states)('calls a copy that is %s consistent: %s', async (state, status) => {
    const { run, verification } = verificationOf({ look: { state } })
    await run()
    expect(verification()?.checks[0]).toMatchObject({ name: 'consistent', status })
  })
})

describe('an assertion', () => {
  const says = (sqlstate: string | null, message: string) => () => {
    throw new CopyQueryError(sqlstate, message)
  }
  const cases: [string, Partial<AssertionInput>, FakeRecoveredCopy['answer'], CheckStatus, string][] = [
    ['holds', {}, () => [['4']], CheckStatus.OK, ONE.sql],
    ['looks at the first column of the first row', {}, () => [['4', '5'], ['6']], CheckStatus.OK, ONE.sql],
    ['does not hold', {}, () => [['5', '4'], ['4']], CheckStatus.FAILED, `${ONE.sql}: expected "4", found "5"`],
    ['compares text', {}, () => [['4.0']], CheckStatus.FAILED, `${ONE.sql}: expected "4", found "4.0"`],
    ['takes no row for ""', { expect: '' }, () => [], CheckStatus.OK, ONE.sql],
    ['takes NULL for ""', { expect: '' }, () => [[null]], CheckStatus.OK, ONE.sql],
    ['does not hold without a row', {}, () => [], CheckStatus.FAILED, `${ONE.sql}: expected "4", found ""`],
  ]
  test.each(cases)('%s', async (_, changes, answer, status, message) => {
    const { run, verification } = verificationOf({ assertions: [{ ...ONE, ...changes }], answer })
    await run()
    expect(verification()?.checks.at(-1)).toMatchObject({ name: 'assertion 1', status, message })
  })

  const errors: [string, string | null, string, CheckStatus, string][] = [
    [
      'a table that is not there',
      '42P01',
      'relation "orders" does not exist',
      CheckStatus.FAILED,
      'is it the right moment',
    ],
    ['a database that is not there', '3D000', 'database "shop" does not exist', CheckStatus.FAILED, 'right moment'],
    ['a column that is not there', '42703', 'column "n" does not exist', CheckStatus.FAILED, 'is it the right moment'],
    ['no SQL', '42601', 'syntax error at or near "SELEC"', CheckStatus.FAILED, 'The assertion itself is wrong'],
    ['two statements', '42P11', 'cannot open multi-query plan as cursor', CheckStatus.FAILED, 'The assertion itself'],
    [
      'a write',
      '25006',
      'cannot execute INSERT in a read-only transaction',
      CheckStatus.FAILED,
      'The assertion itself',
    ],
    ['a division by zero', '22012', 'division by zero', CheckStatus.FAILED, 'The assertion itself is wrong'],
    ['a damaged page', 'XX001', 'invalid page in block 0 of relation base/5/1', CheckStatus.FAILED, 'verifyBackup'],
    ['a damaged index', 'XX002', 'index "a" contains unexpected zero page', CheckStatus.FAILED, 'verifyBackup'],
    [
      'a table that it may not see',
      '42501',
      'permission denied for table orders',
      CheckStatus.UNKNOWN,
      'GRANT pg_read_all_data',
    ],
    [
      'rows that it may not see',
      '42501',
      'query would be affected by row-level security policy',
      CheckStatus.UNKNOWN,
      'ALTER ROLE rehearsal BYPASSRLS',
    ],
    [
      'data without the role',
      '28000',
      'role "rehearsal" is not in the recovered data',
      CheckStatus.UNKNOWN,
      'CREATE ROLE rehearsal',
    ],
    ['a table that is locked', '55P03', LOCKED.said, CheckStatus.UNKNOWN, 'Another session holds it'],
    ['what takes too long', '57014', 'canceling statement due to statement timeout', CheckStatus.UNKNOWN, '60 s'],
    ['too little memory', '53200', 'out of memory', CheckStatus.UNKNOWN, 'Nothing is known'],
    ['a disk that cannot be read', '58030', 'could not read blocks', CheckStatus.UNKNOWN, 'Nothing is known'],
    ['a foreign table', 'HV000', 'could not connect', CheckStatus.UNKNOWN, 'Nothing is known'],
    [
      'a server that has died',
      null,
      'server closed the connection unexpectedly',
      CheckStatus.UNKNOWN,
      'Nothing is known',
    ],
  ]
  test.each(errors)('that meets %s', async (_, sqlstate, said, status, hint) => {
    const { run, verification } = verificationOf({ assertions: [ONE], answer: says(sqlstate, said) })
    await run()
    const prefix = status === CheckStatus.UNKNOWN ? 'not checked: ' : ''
    const message = `${prefix}${ONE.sql}: ${said}`
    expect(verification()?.checks.at(-1)).toMatchObject({ status, message, hint: expect.stringContaining(hint) })
  })

  test('that could not be sent is not checked either', async () => {
    const answer = () => {
      throw new Error('container barman cannot be reached')
    }
    const { run, verification } = verificationOf({ assertions: [ONE], answer })
    await run()
    expect(verification()?.checks.at(-1)).toMatchObject({ status: CheckStatus.UNKNOWN })
  })

  test('is asked where it says, or else in postgres', async () => {
    const assertions = [ONE, { ...ONE, database: null }, { ...ONE, database: 'shop' }]
    const asked: string[] = []
    const answer = (sql: string, database: string) => {
      asked.push(`${database}: ${sql}`)
      return [['4']]
    }
    await verificationOf({ assertions, answer }).run()
    // Before what is estimated of its tables.
    expect(asked.slice(0, 3)).toEqual(['postgres', 'postgres', 'shop'].map((database) => `${database}: ${ONE.sql}`))
  })
})

describe('a copy in which a transaction in progress holds relations for itself', () => {
  const locked: Partial<CopyStatus> = { state: 'PAUSED', timeline: 1, locks: 2 }
  const rehearsal = { mode: RecoveryMode.REHEARSAL, look: locked }
  const automatic = { cutOver: CutOver.AUTOMATIC, look: locked }
  const manual = { cutOver: CutOver.MANUAL, look: locked }
  const warning = /has taken timeline 2\. A switchover or failover before its cut-over takes the same one/

  const promoted: [string, Parameters<typeof verificationOf>[0], boolean][] = [
    ['for a rehearsal', rehearsal, false],
    ['where the cut-over follows at once', automatic, false],
    ['where it waits for its cut-over, which must come before the next switchover', manual, true],
    ['where it waits by default', { look: locked }, true],
  ]
  test.each(promoted)('is promoted before it is read %s', async (_, given, warned) => {
    const { copy, messages, run, recovery, verification } = verificationOf(given)
    await run()
    expect(copy.done.slice(1)).toEqual(['promote', 'verify'])
    expect(recovery()?.timeline).toBe(2)
    expect(verification()).toMatchObject({
      passed: true,
      checks: [{ message: expect.stringContaining('promoted') }, {}, {}],
    })
    expect(messages).toContainEqual(expect.stringContaining('holds 2 relations'))
    expect(messages.some((message) => warning.test(message))).toBe(warned)
  })

  const left: [string, Partial<CopyStatus>][] = [
    ['that is promoted already', { ...locked, state: 'PROMOTED' }],
    ['that does not run', { ...locked, state: 'STOPPED' }],
    ['without such locks', { ...locked, locks: 0 }],
  ]
  test.each(left)('is left as it is: one %s', async (_, look) => {
    const { copy, run, recovery } = verificationOf({ ...rehearsal, look })
    await run()
    expect(copy.done.slice(1)).toEqual(['verify'])
    expect(recovery()?.timeline).toBe(1)
  })
})

describe('what was found, before a cut-over', () => {
  const lockedOne = {
    assertions: [ONE],
    answer: () => {
      throw LOCKED
    },
  }
  const cases: [string, Parameters<typeof verificationOf>[0], { passed: boolean; stops: string | null }][] = [
    ['all well', {}, { passed: true, stops: null }],
    ['a warning', { checks: [found(CheckStatus.WARNING)] }, { passed: true, stops: null }],
    ['a fault', { checks: [found(CheckStatus.FAILED)] }, { passed: false, stops: 'checksums: what was found' }],
    [
      'what could not be told',
      { checks: [found(CheckStatus.UNKNOWN)] },
      { passed: false, stops: 'not checked: checksums' },
    ],
    [
      'an assertion that could not be asked',
      lockedOne,
      { passed: false, stops: `not checked: assertion 1: ${ONE.sql}: ${LOCKED.said}` },
    ],
    [
      'a copy that does not run',
      { look: { state: 'STOPPED' } },
      { passed: false, stops: 'not checked: consistent: PostgreSQL is STOPPED' },
    ],
  ]
  test.each(cases)('that is not looked at: %s', async (_, given, { passed, stops }) => {
    const { run, verification } = verificationOf({ ...given, cutOver: CutOver.AUTOMATIC })
    if (stops === null) await run()
    else
      await expect(run()).rejects.toMatchObject({
        code: 'RECOVERY_NOT_VERIFIED',
        message: expect.stringContaining(stops),
      })
    expect(verification()?.passed).toBe(passed)
  })

  test.each(cases)('that a person decides on: %s', async (_, given, { passed }) => {
    const { run, verification } = verificationOf({ ...given, cutOver: CutOver.MANUAL })
    await run()
    expect(verification()?.passed).toBe(passed)
  })

  test.each(cases)('that has to be verified: %s', async (_, given, { stops }) => {
    const { run, verification } = verificationOf({
      ...given,
      mode: RecoveryMode.REHEARSAL,
      requireVerified: true,
    })
    if (stops === null) await run()
    else await expect(run()).rejects.toMatchObject({ code: 'RECOVERY_NOT_VERIFIED' })
    expect(verification()?.checks.length).toBeGreaterThan(0)
  })

  test.each(cases)('stops a drill, which leaves nothing to look at: %s', async (_, given, { stops }) => {
    const { run } = verificationOf({ ...given, mode: RecoveryMode.REHEARSAL, discard: true })
    if (stops === null) await run()
    else await expect(run()).rejects.toMatchObject({ code: 'RECOVERY_NOT_VERIFIED' })
  })

  test.each(cases)('is in what the operation says at its end: %s', async (_, given, { stops }) => {
    const state = (await verificationOf(given).run()) ?? {}
    const outcome = unverifiedOutcome({ state: () => state })
    if (stops === null) expect(outcome).toBeNull()
    else expect(outcome).toMatch(/^READY, but its verification did not pass: (failed|not checked): /)
    expect(outcome ?? '').toContain(stops ?? '')
  })
})

describe('the time that a recovery may take', () => {
  test.each([
    ['is as long as it takes', null, 90_000, null],
    ['is what was asked for', 300, 300, null],
    ['is not more than that', 300, 301, 'RECOVERY_TOO_SLOW'],
  ])('%s', async (_, budgetSeconds, seconds, code) => {
    const { run, verification, messages } = verificationOf({
      mode: RecoveryMode.REHEARSAL,
      seconds,
      ...(budgetSeconds === null ? {} : { budgetSeconds }),
    })
    if (code === null) await run()
    else await expect(run()).rejects.toMatchObject({ code, message: expect.stringContaining(`${seconds} s`) })
    expect(verification()).toMatchObject({ passed: true })
    expect(messages).toContain(`Recovered and verified in ${seconds} s`)
  })

  test('says nothing of data that did not pass', async () => {
    const given = { budgetSeconds: 1, discard: true, checks: [found(CheckStatus.FAILED)] }
    await expect(verificationOf(given).run()).rejects.toMatchObject({ code: 'RECOVERY_NOT_VERIFIED' })
    expect(await verificationOf({ ...given, discard: false, mode: RecoveryMode.REHEARSAL }).run()).toMatchObject({
      notVerified: expect.stringContaining('checksums'),
    })
  })
})

describe('what is estimated of its tables', () => {
  test('is kept for a comparison with the cluster, with what the verification took', async () => {
    const answer = (sql: string) => (sql.includes('pg_database') ? [['app']] : [['public.orders', '100']])
    const { run, recovery } = verificationOf({ answer })
    await run()
    expect(recovery()).toMatchObject({
      verifySeconds: 0,
      rowEstimates: {
        databases: { app: 'READ' },
        relations: [{ database: 'app', relation: 'public.orders', rows: 100 }],
      },
    })
  })

  test('is nothing where the copy cannot be asked, which is told and speaks not against the data', async () => {
    const answer = () => {
      throw new CopyQueryError('28000', 'role "rehearsal" does not exist')
    }
    const { run, recovery, messages } = verificationOf({ answer })
    await run()
    expect(recovery()).toMatchObject({ rowEstimates: null, verification: { passed: true } })
    expect(messages).toContainEqual(expect.stringContaining('could not be read: '))
  })
})
