import type { ServiceCommands } from '../../clients/docker/service-commands.ts'
import { messageOf } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import { isOperationId } from '../../domain/operation/operation-id.ts'
import type { StepContext } from '../context.ts'
import { NodeCommandError } from './node-command-error.ts'
import { serviceOf } from './node-health.ts'
import { runScript } from './run-script.ts'

const PATRONI = '/etc/service/patroni'
/** A container that has just been started supervises nothing yet. */
const SUPERVISED = 'n=0; until sv status "$1" > /dev/null 2>&1 || [ "$n" -ge 100 ]; do n=$((n + 1)); sleep 0.2; done'
/** A person's own file "down" has no operation in it, and keeps none. */
const KEEP_DOWN = '[ -e "$1/down" ] || printf "%s\\n" "$3" > "$1/down"'
const RUNS = 'if [ ! -e "$1/down" ] && sv status "$1" 2> /dev/null | grep -q ^run:; then echo yes; else echo no; fi'
const KEPT_BY = 'if [ -e "$1/down" ]; then printf "kept "; head -n 1 "$1/down"; fi'
const STOP_SECONDS = 60
/** A leader with much to write takes longer than runit waits. */
const STOP_TURNS = 5

/**
 * Stops Patroni, and with it PostgreSQL, while the container lives. The file "down" keeps it down even when the container
 * is restarted: a node that came back by itself would lead with data that is being given up. It holds the operation's id, so
 * that whoever finds it knows for whom the node was kept down. Already stopped is success.
 */
export async function stopPatroni(context: StepContext<unknown>, service: string): Promise<void> {
  const script = `${KEEP_DOWN}; ${SUPERVISED}; sv -w "$2" stop "$1"`
  const args = [PATRONI, String(STOP_SECONDS), context.operation.id]
  for (let turn = 1; ; turn += 1) {
    try {
      await runScript(context, service, script, args, { timeoutMs: (STOP_SECONDS + 10) * 1000 })
      return
    } catch (error) {
      if (!(error instanceof NodeCommandError) || turn === STOP_TURNS) throw error
      context.signal.throwIfAborted()
    }
  }
}

/** Starts Patroni, and the container where it does not run. Already started is success. */
export async function startPatroni(context: StepContext<unknown>, service: string): Promise<void> {
  const { status } = await context.clients.services.inspect(service)
  if (status !== 'running') await context.clients.services.start(service)
  await runScript(context, service, `rm -f "$1/down"; ${SUPERVISED}; sv up "$1"`, [PATRONI])
}

/** Each by itself: one that does not start is told, and keeps no other from it. */
export async function startEachPatroni(context: StepContext<unknown>, nodes: readonly string[]): Promise<void> {
  const starts = nodes.map((name) => startPatroni(context, serviceOf(context.layout, name)))
  for (const result of await Promise.allSettled(starts)) {
    if (result.status === 'rejected') context.log(messageOf(result.reason), LogLevel.WARNING)
  }
}

/** Whether Patroni runs in the node's container and nothing keeps it down when that is restarted. */
export async function isPatroniStarted(context: StepContext<unknown>, service: string): Promise<boolean> {
  return (await runScript(context, service, RUNS, [PATRONI])).trim() === 'yes'
}

/**
 * The operation that keeps Patroni down in a container that runs; null where none does: it may run, or a person keeps it
 * down. Throws NodeCommandError, UnreachableError and NotFoundError.
 */
export async function patroniKeptDownBy(services: ServiceCommands, service: string): Promise<string | null> {
  const by = await readKeptBy(services, service)
  return by !== null && isOperationId(by) ? by : null
}

/** Whether it is a person's wish that Patroni stays down there: a file "down" without an operation in it. Throws the same. */
export async function isKeptDownByPerson(services: ServiceCommands, service: string): Promise<boolean> {
  const by = await readKeptBy(services, service)
  return by !== null && !isOperationId(by)
}

/** The first line of the file; null where there is none. */
async function readKeptBy(services: ServiceCommands, service: string): Promise<string | null> {
  const { exitCode, stdout, stderr } = await services.run(service, { argv: ['sh', '-c', KEPT_BY, 'sh', PATRONI] })
  if (exitCode !== 0) throw new NodeCommandError(service, 'sh', stderr.trim() || `exit code ${exitCode}`)
  return /^kept (.*)/.exec(stdout)?.[1]?.trim() ?? null
}
