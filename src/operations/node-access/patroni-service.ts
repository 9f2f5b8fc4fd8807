import type { NodeData } from '../../clients/agent/node-data.ts'
import { messageOf } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import { isOperationId } from '../../domain/operation/operation-id.ts'
import type { StepContext } from '../context.ts'
import { askNode } from './ask-node.ts'
import { serviceOf } from './node-health.ts'
import { stopPatroni } from './stop-patroni.ts'

/** Starts Patroni, and the container where it does not run. Already started is success; what has not stopped yet is ended. */
export async function startPatroni(context: StepContext<unknown>, service: string): Promise<void> {
  const { status } = await context.clients.services.inspect(service)
  if (status !== 'running') await context.clients.services.start(service)
  const start = () => askNode(context, service, (node) => node.startPatroni())
  if ((await start()) === 'STARTED') return
  await stopPatroni(context, service, { clean: false })
  await start()
}

/** Each by itself: one that does not start is logged, and does not prevent the others from starting. */
export async function startEachPatroni(context: StepContext<unknown>, nodes: readonly string[]): Promise<void> {
  const starts = nodes.map((name) => startPatroni(context, serviceOf(context.layout, name)))
  for (const result of await Promise.allSettled(starts)) {
    if (result.status === 'rejected') context.log(messageOf(result.reason), LogLevel.WARNING)
  }
}

/** Whether Patroni runs in the node's container and nothing keeps it down when that is restarted. */
export function isPatroniStarted(context: StepContext<unknown>, service: string): Promise<boolean> {
  return askNode(context, service, (node) => node.isPatroniStarted())
}

/**
 * The operation that keeps Patroni down in a container that runs; null where none does: it may run, or a person keeps it
 * down. Throws NodeCommandError, UnreachableError and NotFoundError.
 */
export async function patroniKeptDownBy(node: NodeData): Promise<string | null> {
  const by = await node.keptDownBy()
  return by !== null && isOperationId(by) ? by : null
}

/** Whether it is a person's wish that Patroni stays down there: a file "down" without an operation in it. Throws the same. */
export async function isKeptDownByPerson(node: NodeData): Promise<boolean> {
  const by = await node.keptDownBy()
  return by !== null && !isOperationId(by)
}
