import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'
import { PostgresNotStoppedError } from './postgres-not-stopped-error.ts'
import { runScript } from './run-script.ts'
import { nextStopAction, StopAction, type StopPatience, type Stopping } from './stopping.ts'

export const PATRONI = '/etc/service/patroni'
/** A container that has just been started supervises nothing yet. */
export const SUPERVISED =
  'n=0; until sv status "$1" > /dev/null 2>&1 || [ "$n" -ge 100 ]; do n=$((n + 1)); sleep 0.2; done'
/** The postmaster of the node's own data directory, into $pid; a number that another program has by now is none. */
const FIND_POSTMASTER =
  'd=$PATRONI_POSTGRESQL_DATA_DIR; pid=$(head -n 1 "$d/postmaster.pid" 2> /dev/null || true); [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = postgres ] || pid='
/** A person's own file "down" has no operation in it, and keeps none. */
const KEEP_DOWN = '[ -e "$1/down" ] || printf "%s\\n" "$3" > "$1/down"'
/** runit asks again each time, which Patroni ignores, and waits for that many seconds. */
const STOP_AND_LOOK = `${KEEP_DOWN}; ${SUPERVISED}; sv -w "$2" stop "$1" > /dev/null 2>&1 || true
case $(sv status "$1") in run:*) echo "patroni runs" ;; *) echo "patroni down" ;; esac
${FIND_POSTMASTER}
LC_ALL=C pg_controldata -D "$d" 2> /dev/null | sed -n 's/^Database cluster state: */control /p'
if [ -n "$pid" ]; then
  if pg_isready -q -t 2 -h /var/run/postgresql; then echo "postgres accepts"; else echo "postgres rejects"; fi
  ps -o args= --ppid "$pid" | sed 's/^/process /'
fi`
/** It is down already by runit's wish, and is not started again. */
const END_PATRONI = 'sv kill "$1" > /dev/null 2>&1 || true'
/** What has ended in this very moment is ended: the next look shows it. */
const STOP_POSTGRES = `${FIND_POSTMASTER}; [ -z "$pid" ] || kill -INT "$pid" 2> /dev/null || true`
/** Its children too: PostgreSQL does not start beside one that is left. */
const END_POSTGRES = `${FIND_POSTMASTER}; [ -z "$pid" ] || kill -KILL "$pid" $(ps -o pid= --ppid "$pid") 2> /dev/null || true`

/** What is done about a node that does not stop, and how the operation's log says it. */
const HELP: Partial<Record<StopAction, { readonly script: string; readonly told: string }>> = {
  [StopAction.END_PATRONI]: { script: END_PATRONI, told: 'Patroni does not end: killed' },
  [StopAction.STOP_POSTGRES]: { script: STOP_POSTGRES, told: 'PostgreSQL goes on without Patroni: asked to stop' },
  [StopAction.END_BOTH]: {
    script: `${END_PATRONI}; ${END_POSTGRES}`,
    told: 'PostgreSQL does not end: killed, and recovers from its WAL when it is started again',
  },
}

const TURN_SECONDS = 10
const PATIENCE: StopPatience = { patroniMs: 60_000, afterPostgresMs: 10_000, cleanMs: 300_000 }

/**
 * Stops Patroni and PostgreSQL while the container lives, and helps where they do not stop. The file "down" keeps Patroni
 * down even when the container is restarted: a node that came back by itself would lead with data that is being given up.
 * It holds the operation's id, which says for what the node is kept down. Already stopped is success.
 * `clean`: PostgreSQL must have written its shutdown checkpoint. Throws PostgresNotStoppedError where it does not come to that, NodeCommandError and UnreachableError.
 */
export async function stopPatroni(
  context: StepContext<unknown>,
  service: string,
  { clean }: { readonly clean: boolean },
): Promise<void> {
  const startedAt = context.now().getTime()
  let endedAt: number | null = null
  for (;;) {
    const seen = await stopAndLook(context, service)
    const now = context.now().getTime()
    if (seen.postgres === null) endedAt ??= now
    const waitedMs = now - startedAt
    const action = nextStopAction(seen, { clean, waitedMs, endedMs: now - (endedAt ?? now), patience: PATIENCE })
    if (action === StopAction.NONE) return
    const waitsFor = describeStopping(seen)
    if (action === StopAction.GIVE_UP) throw new PostgresNotStoppedError(service, waitedMs, waitsFor)
    const help = HELP[action]
    if (help === undefined) {
      context.progress({ message: `${service} is stopping: ${waitsFor}` })
    } else {
      context.log(`${service}, after ${Math.round(waitedMs / 1000)} s: ${help.told} (${waitsFor})`, LogLevel.WARNING)
      await runScript(context, service, help.script, [PATRONI])
    }
    context.signal.throwIfAborted()
  }
}

async function stopAndLook(context: StepContext<unknown>, service: string): Promise<Stopping> {
  const args = [PATRONI, String(TURN_SECONDS), context.operation.id]
  return parseStopping(await runScript(context, service, STOP_AND_LOOK, args, { timeoutMs: 3 * TURN_SECONDS * 1000 }))
}

/** From lines of a word and what it is about. */
export function parseStopping(text: string): Stopping {
  const said = (word: string) =>
    text.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []))
  const [postgres] = said('postgres')
  return {
    patroni: said('patroni')[0] !== 'down',
    postgres: postgres === undefined ? null : { accepts: postgres === 'accepts', processes: said('process') },
    control: said('control')[0] ?? null,
  }
}

/** For people: who is still there. */
export function describeStopping({ patroni, postgres, control }: Stopping): string {
  if (postgres === null) return patroni ? 'PostgreSQL has ended, Patroni has not' : 'both have ended'
  const processes = postgres.processes.map((title) => title.replace(/^postgres: /, '')).join('; ') || 'its own'
  return `PostgreSQL ${postgres.accepts ? 'still takes connections' : `is "${control ?? 'unknown'}"`}, with the processes ${processes}`
}
