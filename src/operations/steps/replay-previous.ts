import { NotFoundError } from '../../domain/errors.ts'
import { parseLsn } from '../../domain/lsn.ts'
import { RecoveryStatus } from '../../domain/recovery.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import type { CutOverRequest } from './check-cut-over.ts'
import { readControlData } from './control-data.ts'
import { HistoryMissingError } from './cut-over-errors.ts'
import { serviceOf } from './node-wellness.ts'
import { pollUntil } from './poll-until.ts'
import type { promoteCopy } from './promote-copy.ts'
import { runScript } from './run-on-node.ts'
import { setRolesByScript, tellRoles } from './stack-roles.ts'

type Context = StepContext<CutOverRequest>

const REPLAY_MS = 3_600_000
const POLL_MS = 500
/**
 * Beside the cluster, on no network. A replica that lagged lacks the end: it comes from the archive, and of that timeline
 * nothing follows, so PostgreSQL ends recovery by itself and takes a timeline above all that the archive knows. Patroni
 * takes the recovery settings out again. Archiving is on and fails: what is written waits for the cluster's own command.
 */
const START = `pg_ctl -D "$1" status > /dev/null && exit 0
rm -f "$1/standby.signal"; : > "$1/recovery.signal"
sed -i -E '/^(restore_command|recovery_target|primary_)/d' "$1/postgresql.auto.conf"
printf "%s\\n" "restore_command = 'barman-wal-restore -U barman barman $2 %f %p'" "recovery_target_timeline = '$3'" \
  "primary_conninfo = ''" "primary_slot_name = ''" >> "$1/postgresql.auto.conf"
sizes=$(LC_ALL=C pg_controldata -D "$1" | sed -n -E 's/_xacts? setting/_transactions setting/; s/locks_per_transactions/locks_per_transaction/; s/^(max_[a-z_]+) setting: +([0-9]+)$/-c \\1=\\2/p' | tr '\\n' ' ')
cd /tmp; pg_ctl -D "$1" -l "$1/howdah-undo.log" -W -o "$sizes -c listen_addresses= -c unix_socket_directories=$1 -c archive_mode=on \
  -c archive_command=/bin/false -c summarize_wal=off -c hba_file=$1/pg_hba.conf -c ident_file=$1/pg_ident.conf" start > /dev/null`
const STATE = `if pg_ctl -D "$1" status > /dev/null; then LC_ALL=C pg_controldata -D "$1" | sed -n 's/^Database cluster state: *//p'
else echo ended; tail -n 5 "$1/howdah-undo.log"; fi`
const PROMOTE_SECONDS = 600
/** Answers to a worker that takes over too: what runs is promoted unless it is, and what does not is left as it is. */
const PROMOTE = `state() { LC_ALL=C pg_controldata -D "$1" | sed -n 's/^Database cluster state: *//p'; }
if pg_ctl -D "$1" status > /dev/null; then
  [ "$(state "$1")" = "in production" ] || pg_ctl -D "$1" -w -t "$2" promote > /dev/null
  echo running
fi`
const STOP = 'pg_ctl -D "$1" status > /dev/null || exit 0; pg_ctl -D "$1" -m fast -w -t "$2" stop'
/** The newest timeline, and where it left the one before. */
const FORK =
  'newest=$(ls "$1"/pg_wal/*.history | sort | tail -n 1); basename "$newest" .history; tail -n 1 "$newest" | cut -f 2'

/** The data that the cut over put aside, replayed to the end of its history beside the cluster, which serves. */
export const replayPrevious: Step<CutOverRequest> = {
  name: 'replay-previous',
  title: 'Bring the data from before the cut over to its end',
  weight: 2,

  // Only what was written since can tell, and `run` looks at it.
  done: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const { server, previous } = await previousOf(context)
    const { node, directory, timeline, endLsn } = previous
    const service = serviceOf(context.layout, node)
    const before = await readControlData(context, service, directory)
    // An earlier undo may have brought it there, and was rolled back afterwards.
    const from = before.timeline === timeline || before.state === 'in production' ? timeline : before.timeline
    await runScript(context, service, START, [directory, server, String(from)], { user: 'postgres' })
    await pollUntil(context, {
      what: `the data in ${directory} to reach ${endLsn}`,
      timeoutMs: REPLAY_MS,
      intervalMs: POLL_MS,
      async look() {
        const state = (await runScript(context, service, STATE, [directory], { user: 'postgres' })).trim()
        if (state.startsWith('ended')) throw new HistoryMissingError(directory, state)
        return state === 'in production' ? null : state
      },
    })
    const fork = await runScript(context, service, FORK, [directory], { user: 'postgres' })
    const [name = '', lsn = ''] = fork.trim().split('\n')
    if (parseLsn(lsn) < parseLsn(endLsn))
      throw new HistoryMissingError(directory, `it ended at ${lsn}, before ${endLsn}`)
    const reached = Number.parseInt(name, 16)
    context.log(`The data from before the cut over was replayed to ${lsn}, and is on timeline ${reached} now`)
    return undefined
  },

  async undo(context) {
    const { previous } = await previousOf(context)
    await stop(context, serviceOf(context.layout, previous.node), previous.directory)
  },
}

/**
 * Previous data as what a cut over takes into service. It is never removed: after a roll-back the recovery is as it
 * was, and undoable. */
export const previousDataOf: Parameters<typeof promoteCopy<CutOverRequest>>[0] = {
  async subject(context) {
    const { id, server, previous } = await previousOf(context)
    return { recovery: id, server, node: previous.node, copy: previous.directory }
  },
  begin: async (context, recovery) => {
    await context.recoveries.change(recovery, { status: RecoveryStatus.CUTTING_OVER })
  },
  promote: async (context, { node, copy }) => {
    const service = serviceOf(context.layout, node)
    const options = { user: 'postgres', timeoutMs: (PROMOTE_SECONDS + 60) * 1000 }
    const state = await runScript(context, service, PROMOTE, [copy, String(PROMOTE_SECONDS)], options)
    // Passwords that were changed since the cut over are the old ones there.
    if (state.trim() === 'running') tellRoles(context, await setRolesByScript(context, service, copy))
    await stop(context, service, copy)
  },
  giveUp: async (context) => {
    await context.recoveries.change(context.input.recovery, { status: RecoveryStatus.COMPLETED })
  },
}

async function stop(context: Context, service: string, directory: string): Promise<void> {
  const options = { user: 'postgres', timeoutMs: (PROMOTE_SECONDS + 60) * 1000 }
  await runScript(context, service, STOP, [directory, String(PROMOTE_SECONDS)], options)
}

async function previousOf(context: Context) {
  const { id, server, previous } = await context.recoveries.get(context.input.recovery)
  if (previous === null) throw new NotFoundError(`recovery ${id} has no previous data`)
  return { id, server, previous }
}
