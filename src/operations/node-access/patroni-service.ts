import type { ServiceCommands } from '../../clients/docker/service-commands.ts'
import { messageOf } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import { isOperationId } from '../../domain/operation/operation-id.ts'
import type { StepContext } from '../context.ts'
import { NodeCommandError } from './node-command-error.ts'
import { serviceOf } from './node-health.ts'
import { runScript } from './run-script.ts'
import { PATRONI, SUPERVISED, stopPatroni } from './stop-patroni.ts'

const RUNS = 'if [ ! -e "$1/down" ] && sv status "$1" 2> /dev/null | grep -q ^run:; then echo yes; else echo no; fi'
/** A Patroni that was asked to stop, and has not stopped, no longer does anything else. */
const START = `${SUPERVISED}; if sv status "$1" | grep -q '^run:.*got TERM'; then echo stopping; else rm -f "$1/down"; sv up "$1"; fi`
const KEPT_BY = 'if [ -e "$1/down" ]; then printf "kept "; head -n 1 "$1/down"; fi'

/** Starts Patroni, and the container where it does not run. Already started is success; what has not stopped yet is ended. */
export async function startPatroni(context: StepContext<unknown>, service: string): Promise<void> {
  const { status } = await context.clients.services.inspect(service)
  if (status !== 'running') await context.clients.services.start(service)
  if ((await runScript(context, service, START, [PATRONI])).trim() !== 'stopping') return
  await stopPatroni(context, service, { clean: false })
  await runScript(context, service, START, [PATRONI])
}

/** Each by itself: one that does not start is logged, and does not prevent the others from starting. */
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
