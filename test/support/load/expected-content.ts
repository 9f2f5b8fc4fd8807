import { type Lsn, parseLsn } from '../../../src/domain/wal/lsn.ts'
import { type ExactnessHistory, FLOORS } from './exactness-history.ts'
import type { CommitKey, Numbered, NumberedContent } from './numbered-writers.ts'
import { tablesOf } from './numbered-writers.ts'
import { commitsUpTo, type OracleTarget, type WalEvent, type WalHistory } from './wal-oracle.ts'

/** What the archive says of a target, by which a recovery to it is judged. */
export interface Expected {
  /** The commits up to it. */
  readonly commits: ReadonlySet<string>
  /** The last of them; null: there is none. */
  readonly last: WalEvent | null
}

export const keyOf = ({ xid, time }: { readonly xid: string; readonly time: string | bigint }) => `${xid}@${time}`

export function expectedAt(wal: WalHistory, target: OracleTarget, from: Lsn): Expected {
  const commits = commitsUpTo(wal, target, from)
  return { commits: new Set(commits.map(keyOf)), last: commits.at(-1) ?? null }
}

/** Everything in which the content differs from what has to be there, in words; nothing: it is exact. */
export function faultsOf(
  { rows, tables, placed }: NumberedContent,
  expected: Expected,
  history: Pick<ExactnessHistory, 'acknowledged' | 'placed'>,
): string[] {
  const isThere = (key: CommitKey) => expected.commits.has(keyOf(key))
  const found = new Set(rows.map(keyOf))
  const missing = history.acknowledged.filter((each) => isThere(each) && !found.has(keyOf(each)))
  const name = ({ n, ...key }: Numbered) => `${n} (${keyOf(key)})`
  const places = history.placed.filter(({ from, to }) => isThere(from) && !(to !== null && isThere(to)))
  const inPlaces = (where: string) => rows.flatMap(({ n, place }) => (place === where ? [n] : []))
  return [
    ...several('transactions beyond the target', rows.filter((row) => !isThere(row)).map(name)),
    ...several('acknowledged transactions that are missing', missing.map(name)),
    ...different('tables', tables, tablesOf(rows.map(({ n }) => n))),
    ...different(
      'tables in tablespaces',
      placed.map(({ table, tablespace }) => `${table} in ${tablespace}`),
      places.map(({ table, tablespace }) => `${table} in ${tablespace}`).sort(),
    ),
    ...placed.flatMap(({ table, numbers }) => different(`numbers in ${table}`, numbers, inPlaces(table))),
  ]
}

function different(what: string, found: readonly (string | number)[], right: readonly (string | number)[]): string[] {
  const has = new Set(found)
  const should = new Set(right)
  return [
    ...several(
      `${what} that should not be there`,
      found.filter((each) => !should.has(each)),
    ),
    ...several(
      `${what} that are missing`,
      right.filter((each) => !has.has(each)),
    ),
    ...(has.size === found.length ? [] : [`${what}: some of them twice`]),
  ]
}

function several(what: string, list: readonly (string | number)[]): string[] {
  return list.length === 0 ? [] : [`${list.length} ${what}: ${list.slice(0, 10).join(', ')}`]
}

/** What lies between a base backup and a target. */
export interface Way {
  readonly tablespaceChanges: number
  /** Settings of which the WAL asks for more than a copy from that backup begins with. */
  readonly raised: readonly string[]
}

export function wayTo({ events }: WalHistory, backupBegan: Lsn, { last }: Expected): Way {
  const upTo = last?.lsn ?? 0n
  const between = events.filter(({ lsn }) => lsn >= backupBegan && lsn <= upTo)
  const changes = between.filter(({ kind }) => kind === 'PARAMETER_CHANGE')
  const before = events.findLast(({ kind, lsn }) => kind === 'PARAMETER_CHANGE' && lsn < backupBegan)
  const raised = Object.entries(FLOORS).filter(([name, floor]) => {
    const begins = Math.max(floor, before === undefined ? 0 : valueIn(before, name))
    return changes.some((change) => valueIn(change, name) > begins)
  })
  return {
    tablespaceChanges: between.filter(({ kind }) => kind === 'TABLESPACE').length,
    raised: raised.map(([name]) => name),
  }
}

/** pg_waldump calls some of them otherwise. */
const IN_THE_WAL: Readonly<Record<string, string>> = {
  max_locks_per_transaction: 'max_locks_per_xact',
  max_prepared_transactions: 'max_prepared_xacts',
}

function valueIn({ name: text }: WalEvent, name: string): number {
  const found = new RegExp(`\\b${IN_THE_WAL[name] ?? name}=(\\d+)`).exec(text)
  if (found === null) throw new Error(`no ${name} in "${text}"`)
  return Number(found[1])
}

/** Whether the stack's roles had other passwords at the target than before and afterwards. */
export function hadOtherPasswords(
  { last }: Expected,
  { otherPasswords }: Pick<ExactnessHistory, 'otherPasswords'>,
): boolean {
  // By time, since a recovery that ends among them goes on with those that the stack knows.
  return (
    last !== null &&
    otherPasswords.some(({ from, to }) => last.time >= BigInt(from.time) && last.time < BigInt(to.time))
  )
}

export const beganAt = (backup: { readonly beginLsn: string }): Lsn => parseLsn(backup.beginLsn)
