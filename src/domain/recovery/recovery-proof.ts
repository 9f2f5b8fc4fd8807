import { Timestamp } from '../timestamp.ts'
import { type Lsn, parseLsn } from '../wal/lsn.ts'
import type { RecoveryTarget } from './recovery-target.ts'

/** One record of the archive. Source: pg_waldump. */
export interface WalRecord {
  /** Resource manager: "XLOG", "Transaction", "Heap" ... */
  readonly rmgr: string
  /** "COMMIT", "RESTORE_POINT", "BACKUP_END" ... */
  readonly operation: string
  /** Where it begins. */
  readonly lsn: string
  /** Where the record before it begins. */
  readonly previous: string
  /** 32 bits, without the epoch. Of a prepared transaction that it ends, that one's. */
  readonly xid: string
  /** Of the end of a transaction: UTC, to the microsecond; else null. */
  readonly time: string | null
  /** Of a restore point; else null. */
  readonly name: string | null
  /** Of the end of a base backup: where that begins; else null. */
  readonly backupBegin: string | null
}

/** The records of the archive around the position up to which a copy has replayed. */
export interface ReplayProof {
  /** The last one that begins before the position. Null: the archive does not have it. */
  readonly last: WalRecord | null
  /** The first one at the position or after it. Null: the archive ends there. */
  readonly next: WalRecord | null
  /**
   * The first one from there on that ends a transaction, looked for where a time is the target. Null: there is none up to the end
   * of the archive, or up to where the search was given up.
   */
  readonly nextTransaction: WalRecord | null
  /** Up to where that was looked for in vain, in an archive that goes on after it. Null: the search came to its end. */
  readonly gaveUpAt: string | null
}

/** What is known of the replay itself. */
export interface ReplayFacts {
  /** The position up to which it has replayed. */
  readonly lsn: Lsn
  /** When the last transaction that was replayed ended, to the microsecond; null: none was. */
  readonly time: string | null
  /** How far the archive reached when the replay was begun; null: not known. */
  readonly archiveEnd: Lsn | null
  /** Where the base backup begins, as its label says. */
  readonly backupBegin: Lsn | null
  /** By when it had ended: Barman looks once the copy is made, some WAL after the record that ends it. */
  readonly backupEnd: Lsn | null
}

export enum ReplayVerdict {
  /** All that belongs to the target was replayed, and nothing else. */
  EXACT = 'EXACT',
  /** The archive has more that belongs to it. */
  SHORT = 'SHORT',
  /** More was replayed. */
  BEYOND = 'BEYOND',
  /** The archive did not tell. */
  UNKNOWN = 'UNKNOWN',
}

export interface ReplayJudgement {
  readonly verdict: ReplayVerdict
  /** What it goes by, for people. */
  readonly reason: string
}

/** Whether a copy stands exactly at its target, by the archive's records before and after that position. */
export function judgeReplay(target: RecoveryTarget, facts: ReplayFacts, proof: ReplayProof): ReplayJudgement {
  if (proof.last === null) return unknown('the archive has no record before that position')
  const { last, next } = proof
  switch (target.kind) {
    case 'TIME':
      return judgeTime(target, facts, proof)
    case 'LSN':
      return target.inclusive ? judgeThrough(target.lsn, last) : judgeUpTo(target.lsn, last, next)
    case 'XID': {
      const xid = String(BigInt(target.xid) % 2n ** 32n)
      const ends = (record: WalRecord | null) => record !== null && record.time !== null && record.xid === xid
      if (target.inclusive ? ends(last) : ends(next)) {
        return exact(`the ${target.inclusive ? 'last' : 'next'} record ends transaction ${xid}`)
      }
      return short(`${describe(target.inclusive ? last : next)}, which does not end transaction ${xid}`)
    }
    case 'NAME':
      if (last.operation === 'RESTORE_POINT' && last.name === target.name) return exact('the last record is that point')
      return short(`${describe(last)}, which is not that restore point`)
    case 'IMMEDIATE':
      return judgeImmediate(facts, last)
    case 'END':
      return judgeEnd(facts, next)
  }
}

/** PostgreSQL stops before the first end of a transaction that is later; commits are not in the order of their times. */
function judgeTime(
  target: Extract<RecoveryTarget, { kind: 'TIME' }>,
  facts: ReplayFacts,
  { nextTransaction: next, gaveUpAt }: ReplayProof,
): ReplayJudgement {
  const isLater = (time: string) => {
    const at = Timestamp.parse(time)
    return at.isAfter(target.time) || (!target.inclusive && at.equals(target.time))
  }
  if (facts.time !== null && isLater(facts.time)) return beyond(`a transaction of ${facts.time} was replayed`)
  if (next?.time == null && gaveUpAt !== null) {
    return unknown(`no transaction ends up to LSN ${gaveUpAt}, and the archive was not read further`)
  }
  if (next?.time == null) return exact('no transaction ends after it in the archive')
  if (isLater(next.time)) return exact(`the next transaction ended at ${next.time}`)
  return short(`${describe(next)} at ${next.time} belongs to it`)
}

/** The record that begins there, or the first after it, is the last one. */
function judgeThrough(lsn: Lsn, last: WalRecord): ReplayJudgement {
  if (parseLsn(last.lsn) < lsn) return short(`the last record begins at ${last.lsn}`)
  if (parseLsn(last.previous) >= lsn) return beyond(`the record at ${last.previous} was enough`)
  return exact(`the last record begins at ${last.lsn}, the one before it at ${last.previous}`)
}

/** The record that begins there, or the first after it, is the next one. */
function judgeUpTo(lsn: Lsn, last: WalRecord, next: WalRecord | null): ReplayJudgement {
  if (parseLsn(last.lsn) >= lsn) return beyond(`the record at ${last.lsn} was replayed`)
  if (next === null || parseLsn(next.lsn) >= lsn) return exact(`the last record begins at ${last.lsn}`)
  return short(`the record at ${next.lsn} belongs to it`)
}

/** PostgreSQL stops after the record that ends the backup: before that the copy is not consistent, and takes no sessions. */
function judgeImmediate({ lsn, backupBegin, backupEnd }: ReplayFacts, last: WalRecord): ReplayJudgement {
  if (backupBegin === null || backupEnd === null) return unknown('where the base backup lies is not known')
  if (last.backupBegin !== null && parseLsn(last.backupBegin) === backupBegin) {
    return exact('the last record ends the base backup')
  }
  if (lsn > backupEnd) return beyond('the base backup had ended before')
  return unknown(`${describe(last)}, which does not end the base backup`)
}

function judgeEnd({ archiveEnd }: ReplayFacts, next: WalRecord | null): ReplayJudgement {
  if (next === null) return exact('the archive ends there')
  // WAL goes on coming; what came since is not what was asked for.
  if (archiveEnd !== null && parseLsn(next.lsn) >= archiveEnd) {
    return exact('the archive ended there when the replay was begun')
  }
  return short(`${describe(next)} at ${next.lsn} is in the archive`)
}

function describe(record: WalRecord | null): string {
  return record === null ? 'nothing' : `${record.rmgr} ${record.operation}`
}

const judged = (verdict: ReplayVerdict) => (reason: string) => ({ verdict, reason })
const exact = judged(ReplayVerdict.EXACT)
const short = judged(ReplayVerdict.SHORT)
const beyond = judged(ReplayVerdict.BEYOND)
const unknown = judged(ReplayVerdict.UNKNOWN)
