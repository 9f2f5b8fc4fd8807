import { describe, expect, test } from 'vitest'
import { CheckStatus } from '../../../../../src/domain/check.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import { RestoreMethod } from '../../../../../src/domain/recovery/recovery.ts'
import { type ReplayProof, ReplayVerdict } from '../../../../../src/domain/recovery/recovery-proof.ts'
import type { RecoveryTarget } from '../../../../../src/domain/recovery/recovery-target.ts'
import { parseLsn } from '../../../../../src/domain/wal/lsn.ts'
import { proveTarget, targetCheck } from '../../../../../src/operations/recovery/copy/prove-target.ts'
import { walRecord } from '../../../../support/builders/wal-record.ts'
import { FakeRecoveredCopy } from '../../../../support/fakes/fake-recovered-copy.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const TARGET: RecoveryTarget = { kind: 'LSN', lsn: parseLsn('0/6000000'), timeline: 'latest', inclusive: true }
const EXACT: ReplayProof = { last: walRecord(), next: null, nextTransaction: null, gaveUpAt: null }
const SHORT: ReplayProof = { ...EXACT, last: walRecord({ lsn: '0/5000000' }) }
const BEYOND: ReplayProof = { ...EXACT, last: walRecord({ lsn: '0/6000100', previous: '0/6000080' }) }
const NOTHING: ReplayProof = { ...EXACT, last: null }
const AWAY = new UnreachableError('Barman', 'timeout')

/** The archive answers so in turn; its last answer stays. */
function proofOf(...answers: (ReplayProof | Error)[]) {
  const copy = new FakeRecoveredCopy()
  const asked: unknown[] = []
  copy.prove = async (request?: unknown) => {
    asked.push(request)
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? NOTHING
    if (answer instanceof Error) throw answer
    return answer
  }
  const context = fakeStepContext<unknown>({ input: {}, clients: {} })
  const request = { server: 'patroni', timeline: 3, target: TARGET, restoreMethod: RestoreMethod.PREFETCH }
  const position = '0/6000080'
  const facts = { position, lsn: parseLsn(position), time: null, archiveEnd: null, backupBegin: null, backupEnd: null }
  return {
    asked,
    kept: context.kept,
    messages: context.messages,
    elapsedMs: () => context.now().getTime(),
    run: () => proveTarget(context, copy, request, facts),
    check: () => targetCheck({ state: () => context.kept }, TARGET, { time: null, lsn: position, xid: null }),
  }
}

describe('the proof', () => {
  test('that a copy is at its target is kept, and told', async () => {
    const { asked, kept, messages, run, elapsedMs } = proofOf(EXACT)
    await run()
    expect(asked).toEqual([{ server: 'patroni', timeline: 3, target: TARGET, lsn: '0/6000080' }])
    expect(elapsedMs()).toBe(0)
    expect(kept['proof']).toMatchObject({ verdict: ReplayVerdict.EXACT })
    expect(messages).toEqual([
      expect.stringMatching(/^Replayed to LSN 0\/6000080: the last record begins at 0\/6000000/),
    ])
  })

  const wrong: [string, ReplayProof, RegExp][] = [
    ['short of', SHORT, /stopped at LSN 0\/6000080, before LSN 0\/6000000: the last record begins at 0\/5000000/],
    ['beyond', BEYOND, /stopped at LSN 0\/6000080, after LSN 0\/6000000: the record at 0\/6000080 was enough/],
  ]
  test.each(wrong)('that it is %s its target ends the recovery at once', async (_, proof, message) => {
    const { kept, run, elapsedMs } = proofOf(proof)
    await expect(run()).rejects.toMatchObject({ code: 'NOT_AT_TARGET', message: expect.stringMatching(message) })
    expect(elapsedMs()).toBe(0)
    expect(kept['proof']).toBeUndefined()
  })

  test('is asked for again while the archive does not tell', async () => {
    const { asked, kept, run } = proofOf(AWAY, NOTHING, EXACT)
    await run()
    expect(asked).toHaveLength(3)
    expect(kept['proof']).toMatchObject({ verdict: ReplayVerdict.EXACT })
  })

  test('that turns out to be none, once the archive tells, ends it too', async () => {
    await expect(proofOf(AWAY, SHORT).run()).rejects.toMatchObject({ code: 'NOT_AT_TARGET' })
  })

  test.each([
    ['is away', AWAY, 'Barman'],
    ['does not have that WAL', NOTHING, 'the archive has no record'],
  ])('is not known where the archive %s for a minute', async (_, answer, reason) => {
    const { kept, run, elapsedMs } = proofOf(answer)
    await run()
    expect(elapsedMs()).toBeGreaterThanOrEqual(60_000)
    expect(elapsedMs()).toBeLessThan(65_000)
    expect(kept['proof']).toMatchObject({ verdict: ReplayVerdict.UNKNOWN, reason: expect.stringContaining(reason) })
  })

  test('does not hide a fault of its own', async () => {
    await expect(proofOf(new TypeError('no function')).run()).rejects.toThrow(TypeError)
  })
})

describe('the verification of a recovery says of its target', () => {
  test('that it was proved', async () => {
    const { run, check } = proofOf(EXACT)
    await run()
    expect(check()).toMatchObject({ name: 'target', status: CheckStatus.OK, hint: null })
    expect(check().message).toMatch(/^LSN 0\/6000000; .*LSN 0\/6000080; the last record begins/)
  })

  test('that it was not, where the archive did not tell', async () => {
    const { run, check } = proofOf(AWAY)
    await run()
    expect(check()).toMatchObject({ status: CheckStatus.UNKNOWN, message: expect.stringContaining('Barman') })
  })

  test('that it was not, where it was not asked', () => {
    expect(proofOf(EXACT).check()).toMatchObject({
      status: CheckStatus.UNKNOWN,
      message: expect.stringContaining('not compared with the archive'),
    })
  })
})
