import type { NodeData } from '../../clients/agent/node-data.ts'
import { NodeCommandError } from '../../domain/cluster/node-command-error.ts'
import { messageOf, UnreachableError } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'

/** How long a container may be away in the middle of a cut-over before the step is given up. */
const AWAY_MS = 90_000
const AGAIN_MS = 500

/**
 * Asks a node for its data or its Patroni. Throws NodeCommandError when it fails, and UnreachableError. A container that dies
 * around it is started again, and asked again.
 */
export function askNode<T>(
  context: StepContext<unknown>,
  service: string,
  ask: (node: NodeData) => Promise<T>,
): Promise<T> {
  return askAcrossRestarts(context, service, () => ask(context.clients.nodeData(service)))
}

/** The same of any container, for what can be asked again from anywhere in it. */
export async function askAcrossRestarts<T>(
  context: StepContext<unknown>,
  service: string,
  ask: () => Promise<T>,
): Promise<T> {
  const startedAt = context.now().getTime()
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isAway(error) || context.now().getTime() - startedAt > AWAY_MS) throw error
    }
    await context.sleep(AGAIN_MS)
    await startAgain(context, service)
  }
}

/** Its container was not there for what was asked, or died around it. */
function isAway(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof NodeCommandError && error.diedWithContainer)
}

/** No one else does: a cut-over has the cluster for itself, and Docker starts again only what died by itself. */
async function startAgain(context: StepContext<unknown>, service: string): Promise<void> {
  try {
    const { status } = await context.clients.services.inspect(service)
    if (status !== 'exited' && status !== 'dead') return
    await context.clients.services.start(service)
    context.log(`${service} was not running: started`, LogLevel.WARNING)
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    context.log(messageOf(error), LogLevel.WARNING)
  }
}
