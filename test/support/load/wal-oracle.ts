import { type Lsn, parseLsn } from '../../../src/domain/wal/lsn.ts'
import type { TestStack } from '../stack/stack.ts'

/**
 * One record of the WAL that ends a transaction or a base backup, is a restore point, says what the server was started
 * with, or makes or drops a tablespace.
 */
export interface WalEvent {
  readonly kind: 'COMMIT' | 'ABORT' | 'RESTORE_POINT' | 'BACKUP_END' | 'PARAMETER_CHANGE' | 'TABLESPACE'
  readonly lsn: Lsn
  readonly xid: string
  /** Microseconds since 1970. */
  readonly time: bigint
  /** Of a restore point; of a backup's end, where the backup began; of the others, what pg_waldump says of them. */
  readonly name: string
}

/** What the archive says of one timeline and its ancestors, in the order of the WAL. Read by pg_waldump: not by Howdah. */
export interface WalHistory {
  readonly timeline: number
  readonly events: readonly WalEvent[]
  /** Where each record begins. */
  readonly starts: readonly Lsn[]
}

const DUMPS = '/tmp/wal-oracle'
const SEGMENT = 16n * 1024n * 1024n

/**
 * Lays the archived segments of a timeline's history under names of one timeline, from the given position on, and dumps
 * them: where a timeline forks, its first segment begins with a copy of what it forked from.
 */
const DUMP = `set -eu; server=$1 timeline=$2 first=$3 dir=$4/$2 known=$4/known
rm -rf "$dir"; mkdir -p "$dir" "$known"
show() {
  [ -e "$known/$1" ] || { barman get-wal "$server" "$1" > "$dir/fetching" 2> /dev/null && mv "$dir/fetching" "$known/$1"; } || return 1
  cp "$known/$1" "$dir/fetched"
}
name() { printf '%08X%08X%08X' "$1" $(($2 / 256)) $(($2 % 256)); }
# "until number timeline", oldest first: up to the segment in which each timeline was left.
chain="99999999 $timeline"
if show "$(printf '%08X' "$timeline").history"; then
  chain=$(awk '/^[0-9]/ { split($2, at, "/"); print at[1], at[2], $1 }' "$dir/fetched" | while read -r high low tli; do
    echo "$((16#$high * 256 + 16#$low / 16777216)) $tli"; done; echo "$chain")
fi
number=$first
while :; do
  owner=$(echo "$chain" | while read -r until tli; do if [ "$number" -lt "$until" ]; then echo "$tli"; break; fi; done)
  show "$(name "$owner" "$number")" || break
  mv "$dir/fetched" "$dir/$(name 1 "$number")"
  number=$((number + 1))
done
rm -f "$dir/fetched" "$dir/fetching"
[ "$number" -gt "$first" ] || { echo "no segment $first on timeline $timeline" >&2; exit 1; }
/usr/lib/postgresql/*/bin/pg_waldump -p "$dir" "$(name 1 "$first")" "$(name 1 $((number - 1)))" 2> /dev/null > "$dir/dump" || true
sed -n -E 's/^rmgr: ([A-Za-z]+) .* tx: +([0-9]+), lsn: ([0-9A-F]+\\/[0-9A-F]+), .* desc: ([A-Z_]+) ?(.*)$/\\1|\\2|\\3|\\4|\\5/p' "$dir/dump" |
  awk -F'|' '{ if (($1 == "Transaction" && ($4 == "COMMIT" || $4 == "ABORT")) || $4 == "RESTORE_POINT" || $4 == "BACKUP_END" || $4 == "PARAMETER_CHANGE" || $1 == "Tablespace") print; else print $3 }'
rm -rf "$dir"`

/** From the segment that holds `from` to the end of what the archive has of the timeline. */
export async function readWalHistory(
  facts: TestStack,
  { server, timeline, from }: { readonly server: string; readonly timeline: number; readonly from: Lsn },
): Promise<WalHistory> {
  const first = String(from / SEGMENT)
  const script = ['env', 'TZ=UTC', 'bash', '-c', DUMP, 'dump', server, String(timeline), first, DUMPS]
  const text = await facts.exec('barman', script, 'barman')
  const events: WalEvent[] = []
  const starts: Lsn[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [rmgr, xid = '', at, kind, rest = ''] = line.split('|')
    starts.push(parseLsn(at ?? line))
    if (kind === 'COMMIT' || kind === 'ABORT') {
      events.push({ kind, xid, lsn: parseLsn(at ?? ''), time: microseconds(rest), name: '' })
    } else if (kind === 'RESTORE_POINT' || kind === 'BACKUP_END' || kind === 'PARAMETER_CHANGE') {
      events.push({ kind, xid, lsn: parseLsn(at ?? ''), time: 0n, name: rest.trim() })
    } else if (rmgr === 'Tablespace') {
      events.push({ kind: 'TABLESPACE', xid, lsn: parseLsn(at ?? ''), time: 0n, name: `${kind} ${rest.trim()}` })
    }
  }
  return { timeline, events, starts }
}

/** Of "2026-11-24 15:09:01.146123 UTC; inval msgs: ...". */
function microseconds(text: string): bigint {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6}) UTC/.exec(text)
  if (found === null) throw new Error(`no time in "${text}"`)
  return BigInt(Date.parse(`${found[1]}T${found[2]}Z`)) * 1000n + BigInt(found[3] ?? '0')
}

export type OracleTarget =
  | { readonly kind: 'time' /** In microseconds since 1970. */; readonly time: bigint; readonly inclusive: boolean }
  | { readonly kind: 'lsn'; readonly lsn: Lsn; readonly inclusive: boolean }
  | { readonly kind: 'xid'; readonly xid: string; readonly inclusive: boolean }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'immediate'; readonly backupBegan: Lsn }
  | { readonly kind: 'end' }

/** The commits that a recovery to the target replays, by PostgreSQL's documented rules, from a backup that begins at `from`. */
export function commitsUpTo(history: WalHistory, target: OracleTarget, from: Lsn): WalEvent[] {
  const after = history.events.filter(({ lsn }) => lsn >= from)
  const stop = after.findIndex((event) => stopsBefore(event, target, history))
  const upTo = stop === -1 ? after : after.slice(0, stop)
  const last = upTo.findIndex((event) => stopsAfter(event, target))
  return (last === -1 ? upTo : upTo.slice(0, last + 1)).filter(({ kind }) => kind === 'COMMIT')
}

function stopsBefore(event: WalEvent, target: OracleTarget, { starts }: WalHistory): boolean {
  const ends = event.kind === 'COMMIT' || event.kind === 'ABORT'
  switch (target.kind) {
    case 'time':
      return ends && (target.inclusive ? event.time > target.time : event.time >= target.time)
    case 'lsn': {
      // Inclusive: the first record that begins at or after the target is replayed too.
      const first = starts.find((start) => start >= target.lsn)
      return first !== undefined && (target.inclusive ? event.lsn > first : event.lsn >= first)
    }
    case 'xid':
      return ends && !target.inclusive && event.xid === target.xid
    case 'immediate':
    case 'name':
    case 'end':
      return false
  }
}

function stopsAfter({ kind, xid, name }: WalEvent, target: OracleTarget): boolean {
  switch (target.kind) {
    case 'xid':
      return target.inclusive && (kind === 'COMMIT' || kind === 'ABORT') && xid === target.xid
    case 'name':
      return kind === 'RESTORE_POINT' && name === target.name
    case 'immediate':
      // Consistent is what the backup was copied over: from here on PostgreSQL may stop.
      return kind === 'BACKUP_END' && parseLsn(name) === target.backupBegan
    case 'time':
    case 'lsn':
    case 'end':
      return false
  }
}

export async function forgetWalHistories(facts: TestStack): Promise<void> {
  await facts.exec('barman', ['rm', '-rf', DUMPS], 'barman')
}
