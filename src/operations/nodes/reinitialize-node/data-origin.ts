import { NodeCommandError } from '../../../domain/cluster/node-command-error.ts'
import { UnreachableError } from '../../../domain/errors.ts'
import type { StepContext } from '../../context.ts'
import { serviceOf } from '../../node-access/node-health.ts'

/**
 * Which base backup a node's data directory was made from. Null: none, or one that is being copied. Throws
 * UnreachableError while the container cannot be asked.
 */
export async function readDataOrigin(context: StepContext<unknown>, node: string): Promise<string | null> {
  const service = serviceOf(context.layout, node)
  try {
    return await context.clients.nodeData(service).origin()
  } catch (error) {
    if (!(error instanceof NodeCommandError)) throw error
    throw new UnreachableError(`container of ${service}`, error.said, { cause: error })
  }
}
