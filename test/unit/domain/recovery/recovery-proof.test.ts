import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  judgeReplay,
  type ReplayFacts,
  type ReplayProof,
  ReplayVerdict,
  type WalRecord,
} from '../../../../src/domain/recovery/recovery-proof.ts'
import type { RecoveryTarget } from '../../../../src/domain/recovery/recovery-target.ts'
import { Timestamp } from '../../../../src/domain/timestamp.ts'
import { formatLsn, type Lsn, parseLsn } from '../../../../src/domain/wal/lsn.ts'
import { walRecord } from '../../../support/builders/wal-record.ts'

const { EXACT, SHORT, BEYOND, UNKNOWN } = ReplayVerdict
const at = (second: number, micros = 0) =>
  `2026-11-22T17:13:${String(second).padStart(2, '0')}.${String(micros).padStart(6, '0')}Z`
const commit = (changes: Partial<WalRecord> = {}) =>
  walRecord({ rmgr: 'Transaction', operation: 'COMMIT', time: at(10), ...changes })
const restorePoint = (name: string) => walRecord({ rmgr: 'XLOG', operation: 'RESTORE_POINT', name })
const backupEnd = (backupBegin: string) => walRecord({ rmgr: 'XLOG', operation: 'BACKUP_END', backupBegin })

const time = (inclusive = true): RecoveryTarget => ({
  kind: 'TIME',
  time: Timestamp.parse(at(20)),
  timeline: 'latest',
  inclusive,
})
const lsn = (inclusive = true): RecoveryTarget => ({
  kind: 'LSN',
  lsn: parseLsn('0/6000000'),
  timeline: 'latest',
  inclusive,
})
const xid = (text: string, inclusive = true): RecoveryTarget => ({
  kind: 'XID',
  xid: text,
  timeline: 'latest',
  inclusive,
})
const NAME: RecoveryTarget = { kind: 'NAME', name: 'before it', timeline: 'latest' }
const IMMEDIATE: RecoveryTarget = { kind: 'IMMEDIATE', timeline: 'latest' }
const END: RecoveryTarget = { kind: 'END', timeline: 'latest' }

/** Of a copy that stands after a record of no interest, at the end of the archive. */
const FACTS: ReplayFacts = {
  lsn: parseLsn('0/6000080'),
  time: at(10),
  archiveEnd: parseLsn('0/7000000'),
  backupBegin: parseLsn('0/2000028'),
  backupEnd: parseLsn('0/3000100'),
}
const PROOF: ReplayProof = { last: walRecord(), next: null, nextTransaction: null, gaveUpAt: null }

type Case = [string, RecoveryTarget, Partial<ReplayFacts>, Partial<ReplayProof>, ReplayVerdict]
const next = (record: WalRecord): Partial<ReplayProof> => ({ next: record, nextTransaction: record })

describe('a copy stands at its target', () => {
  const cases: Case[] = [
    ['time: a later transaction comes next', time(), {}, next(commit({ time: at(20, 1) })), EXACT],
    ['time: none comes any more', time(), {}, {}, EXACT],
    ['time: none comes as far as the archive was read', time(), {}, { gaveUpAt: '1/6000000' }, UNKNOWN],
    ['time: none comes so far, and one after it was replayed', time(), { time: at(21) }, { gaveUpAt: '1/0' }, BEYOND],
    ['time: none was replayed yet', time(), { time: null }, next(commit({ time: at(21) })), EXACT],
    ['time: one at it comes next', time(), {}, next(commit({ time: at(20) })), SHORT],
    ['time: one before it comes next', time(), {}, next(commit({ time: at(19) })), SHORT],
    ['time: one rolled back before it comes next', time(), {}, next(commit({ operation: 'ABORT' })), SHORT],
    ['time: one at it was replayed', time(), { time: at(20) }, next(commit({ time: at(21) })), EXACT],
    ['time: one after it was replayed', time(), { time: at(20, 1) }, {}, BEYOND],
    ['time that is left out: one at it comes next', time(false), {}, next(commit({ time: at(20) })), EXACT],
    ['time that is left out: one at it was replayed', time(false), { time: at(20) }, {}, BEYOND],
    ['time that is left out: one before it comes next', time(false), {}, next(commit({ time: at(19) })), SHORT],
    ['LSN: the last record begins there', lsn(), {}, {}, EXACT],
    ['LSN: the last record is the first after it', lsn(), {}, { last: walRecord({ lsn: '0/6000008' }) }, EXACT],
    ['LSN: the last record begins before', lsn(), {}, { last: walRecord({ lsn: '0/5FFFFF8' }) }, SHORT],
    ['LSN: the one before was enough', lsn(), {}, { last: walRecord({ previous: '0/6000000' }) }, BEYOND],
    ['LSN, compared as a number', lsn(), {}, { last: walRecord({ lsn: '0/10000000', previous: '0/5000000' }) }, EXACT],
    ['LSN that is left out: it begins there', lsn(false), {}, {}, BEYOND],
    [
      'LSN that is left out: the next begins there',
      lsn(false),
      {},
      { last: walRecord({ lsn: '0/5FFFF80' }), next: walRecord() },
      EXACT,
    ],
    ['LSN that is left out: nothing comes any more', lsn(false), {}, { last: walRecord({ lsn: '0/5FFFF80' }) }, EXACT],
    [
      'LSN that is left out: one before comes next',
      lsn(false),
      {},
      { last: walRecord({ lsn: '0/5FFFF00' }), next: walRecord({ lsn: '0/5FFFF80' }) },
      SHORT,
    ],
    ['transaction: the last record commits it', xid('742'), {}, { last: commit() }, EXACT],
    ['transaction: the last record rolls it back', xid('742'), {}, { last: commit({ operation: 'ABORT' }) }, EXACT],
    ['transaction: the last record ends another', xid('742'), {}, { last: commit({ xid: '743' }) }, SHORT],
    ['transaction: the last record is only of it', xid('742'), {}, { last: walRecord() }, SHORT],
    ['transaction: by its low 32 bits', xid(String(2n ** 33n + 742n)), {}, { last: commit() }, EXACT],
    ['transaction that is left out: its commit comes next', xid('742', false), {}, next(commit()), EXACT],
    ['transaction that is left out: another comes next', xid('742', false), {}, next(commit({ xid: '7' })), SHORT],
    ['transaction that is left out: nothing comes next', xid('742', false), {}, {}, SHORT],
    ['transaction that is left out: it was replayed', xid('742', false), {}, { last: commit() }, SHORT],
    ['restore point: the last record', NAME, {}, { last: restorePoint('before it') }, EXACT],
    ['restore point: another', NAME, {}, { last: restorePoint('before  it') }, SHORT],
    ['restore point: it only comes next', NAME, {}, { next: restorePoint('before it') }, SHORT],
    ['end of the backup: its record', IMMEDIATE, {}, { last: backupEnd('0/2000028') }, EXACT],
    [
      'end of the backup: its record, though Barman looked at where WAL was later',
      IMMEDIATE,
      { lsn: parseLsn('0/2000120') },
      { last: backupEnd('0/2000028') },
      EXACT,
    ],
    ['end of the backup: that of another, later', IMMEDIATE, {}, { last: backupEnd('0/3000028') }, BEYOND],
    ['end of the backup: any later record', IMMEDIATE, {}, {}, BEYOND],
    ['end of the backup: a record before', IMMEDIATE, { lsn: parseLsn('0/3000000') }, {}, UNKNOWN],
    ['end of the backup, which is unknown', IMMEDIATE, { backupBegin: null, backupEnd: null }, {}, UNKNOWN],
    ['end of the archive: nothing comes next', END, {}, {}, EXACT],
    ['end of the archive: what has come since', END, {}, { next: walRecord({ lsn: '0/7000000' }) }, EXACT],
    ['end of the archive: what was there', END, {}, { next: walRecord({ lsn: '0/6FFFFF8' }) }, SHORT],
    ['end of the archive, which was unknown', END, { archiveEnd: null }, { next: walRecord() }, SHORT],
    ...[time(), lsn(), xid('742'), NAME, IMMEDIATE, END].map(
      (target): Case => [
        `${target.kind}: the archive does not have the record before`,
        target,
        {},
        { last: null },
        UNKNOWN,
      ],
    ),
  ]
  test.each(cases)('%s', (_, target, facts, proof, verdict) => {
    expect(judgeReplay(target, { ...FACTS, ...facts }, { ...PROOF, ...proof })).toEqual({
      verdict,
      reason: expect.stringMatching(/./),
    })
  })
})

/** Whether a record ends a transaction: only before and after those PostgreSQL looks at times and transactions. */
const ends = ({ time: ended }: WalRecord) => ended !== null

/** recoveryStopsBefore of xlogrecovery.c. */
function stopsBefore(record: WalRecord, target: RecoveryTarget): boolean {
  switch (target.kind) {
    case 'LSN':
      return !target.inclusive && parseLsn(record.lsn) >= target.lsn
    case 'XID':
      return !target.inclusive && ends(record) && record.xid === target.xid
    case 'TIME': {
      if (record.time === null) return false
      const ended = Timestamp.parse(record.time)
      return ended.isAfter(target.time) || (!target.inclusive && ended.equals(target.time))
    }
    default:
      return false
  }
}

/** recoveryStopsAfter of xlogrecovery.c. */
function stopsAfter(record: WalRecord, target: RecoveryTarget): boolean {
  switch (target.kind) {
    case 'LSN':
      return target.inclusive && parseLsn(record.lsn) >= target.lsn
    case 'XID':
      return target.inclusive && ends(record) && record.xid === target.xid
    case 'NAME':
      return record.operation === 'RESTORE_POINT' && record.name === target.name
    case 'IMMEDIATE':
      // With it the copy is consistent.
      return record.operation === 'BACKUP_END' && record.backupBegin === BACKUP_BEGIN
    default:
      return false
  }
}

/** How many records PostgreSQL replays; null: it comes to the end of the archive without having found its target. */
function replayedTo(records: readonly WalRecord[], target: RecoveryTarget): number | null {
  for (const [index, record] of records.entries()) {
    if (stopsBefore(record, target)) return index
    if (stopsAfter(record, target)) return index + 1
  }
  return target.kind === 'TIME' || target.kind === 'END' ? records.length : null
}

const BACKUP_BEGIN = '0/2000028'
const LSN_OF_FIRST = 0x2000028n
type Kind = 'HEAP' | 'COMMIT' | 'ABORT' | 'RESTORE_POINT' | 'BACKUP_END'

/** Records one after the other, transactions and restore points each with an id of its own, times as they are given. */
function walOf(given: readonly { kind: Kind; bytes: number; time: number }[]): WalRecord[] {
  let lsnOfNext = LSN_OF_FIRST
  let previous = '0/2000000'
  return given.map(({ kind, bytes, time: ended }, index) => {
    const record = walRecord({
      operation: kind,
      lsn: formatLsn(lsnOfNext),
      previous,
      xid: String(700 + index),
      time: kind === 'COMMIT' || kind === 'ABORT' ? at(Math.floor(ended / 2), ended % 2) : null,
      name: kind === 'RESTORE_POINT' ? `point ${index}` : null,
      backupBegin: kind === 'BACKUP_END' ? (index === 0 ? BACKUP_BEGIN : formatLsn(lsnOfNext)) : null,
    })
    previous = record.lsn
    lsnOfNext += BigInt(bytes * 8)
    return record
  })
}

/** What is known of a copy that has replayed so many of the records. */
function judgeAt(records: readonly WalRecord[], replayed: number, target: RecoveryTarget): ReplayVerdict {
  const done = records.slice(0, replayed)
  const rest = records.slice(replayed)
  const end = parseLsn(records.at(-1)?.lsn ?? '0/0') + 8n
  const position: Lsn = rest[0] === undefined ? end : parseLsn(rest[0].lsn)
  return judgeReplay(
    target,
    {
      lsn: position,
      time: done.findLast(ends)?.time ?? null,
      archiveEnd: end,
      backupBegin: parseLsn(BACKUP_BEGIN),
      backupEnd: parseLsn(records[Math.min(2, records.length - 1)]?.lsn ?? '0/0'),
    },
    { last: done.at(-1) ?? null, next: rest[0] ?? null, nextTransaction: rest.find(ends) ?? null, gaveUpAt: null },
  ).verdict
}

describe('of all the places in the WAL', () => {
  const kinds = fc.constantFrom<Kind>('HEAP', 'COMMIT', 'ABORT', 'RESTORE_POINT', 'BACKUP_END')
  const record = fc.record({ kind: kinds, bytes: fc.integer({ min: 1, max: 9 }), time: fc.nat(80) })
  const wal = fc.array(record, { minLength: 1, maxLength: 12 })
  const index = fc.nat(14)
  const targets = fc.oneof(
    fc.record({ kind: fc.constant('TIME' as const), time: fc.nat(82), inclusive: fc.boolean() }),
    fc.record({ kind: fc.constant('LSN' as const), bytes: fc.integer({ min: -2, max: 600 }), inclusive: fc.boolean() }),
    fc.record({ kind: fc.constant('XID' as const), index, inclusive: fc.boolean() }),
    fc.record({ kind: fc.constant('NAME' as const), index }),
    fc.record({ kind: fc.constant('IMMEDIATE' as const) }),
    fc.record({ kind: fc.constant('END' as const) }),
  )
  type Given = typeof targets extends fc.Arbitrary<infer T> ? T : never
  function targetOf(given: Given): RecoveryTarget {
    const timeline = 'latest'
    switch (given.kind) {
      case 'TIME': {
        const target = Timestamp.parse(at(Math.floor(given.time / 2), given.time % 2))
        return { kind: given.kind, time: target, inclusive: given.inclusive, timeline }
      }
      case 'LSN':
        return { kind: given.kind, lsn: LSN_OF_FIRST + BigInt(given.bytes), inclusive: given.inclusive, timeline }
      case 'XID':
        return { kind: given.kind, xid: String(700 + given.index), inclusive: given.inclusive, timeline }
      case 'NAME':
        return { kind: given.kind, name: `point ${given.index}`, timeline }
      default:
        return { kind: given.kind, timeline }
    }
  }

  test('the one at which PostgreSQL stops is exact', () => {
    fc.assert(
      fc.property(wal, targets, (given, targetGiven) => {
        const records = walOf(given)
        const target = targetOf(targetGiven)
        const stop = replayedTo(records, target)
        // Nothing was replayed: there is no record before, and no copy that was.
        fc.pre(stop !== null && stop > 0)
        expect(judgeAt(records, stop ?? 0, target)).toBe(EXACT)
      }),
      { numRuns: 2000 },
    )
  })

  test('every other one is not, where transactions end in the order of their times', () => {
    fc.assert(
      fc.property(wal, targets, (given, targetGiven) => {
        const times = given.map((each) => each.time).sort((a, b) => a - b)
        const records = walOf(given.map((each, number) => ({ ...each, time: times[number] ?? 0 })))
        const target = targetOf(targetGiven)
        const stop = replayedTo(records, target)
        for (let replayed = 1; replayed <= records.length; replayed++) {
          if (replayed === stop) continue
          // To a time all places without the end of a transaction between them are one: they have the same data.
          const between = stop === null ? [] : records.slice(Math.min(stop, replayed), Math.max(stop, replayed))
          const isSame = target.kind === 'TIME' && !between.some(ends)
          // An LSN after the archive that is left out is at its end; PostgreSQL says so itself, and that is refused before.
          const isPastEnd = stop === null && target.kind === 'LSN' && replayed === records.length
          if (!isSame && !isPastEnd) expect(judgeAt(records, replayed, target)).not.toBe(EXACT)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
