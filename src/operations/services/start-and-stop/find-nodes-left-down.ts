import { NodeState, ServiceState } from '../../../domain/cluster/node.ts'
import { viewNodes } from '../../../domain/cluster/node-view.ts'
import { HowdahError, messageOf } from '../../../domain/errors.ts'
import { isUnsettled } from '../../../domain/recovery/recovery.ts'
import { type AutomaticRequest, type Automation, type AutomationContext, periodOf } from '../../automation.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { patroniKeptDownBy } from '../../node-access/patroni-service.ts'
import type { ServiceInput } from '../service-input.ts'

const ROUND_MS = 600_000

/** Nodes whose Patroni an operation kept down and has left so. A recovery that is settled starts its own. */
export const findNodesLeftDown: Automation<ServiceInput> = {
  everyMs: 10_000,

  async findNeeds(context) {
    // A container is asked only where it runs and Patroni does not answer.
    const silent = viewNodes(context.cluster()).filter(
      ({ state, service }) => state === NodeState.UNREACHABLE && service?.state === ServiceState.RUNNING,
    )
    if (silent.length === 0) return []
    const { active, recoveries } = await context.readUnfinished()
    if (recoveries.some((record) => isUnsettled(record) && !active.has(record.operationId))) return []
    const found = await Promise.all(silent.map(({ name }) => findNodeLeftDown(context, name, active)))
    return found.flat()
  },
}

async function findNodeLeftDown(
  { layout, nodeData, now, warn }: AutomationContext,
  node: string,
  active: ReadonlySet<string>,
): Promise<AutomaticRequest<ServiceInput>[]> {
  const service = serviceOf(layout, node)
  try {
    const by = await patroniKeptDownBy(nodeData(service))
    if (by === null || active.has(by)) return []
    const reason = `operation ${by} has ended and left its Patroni down`
    return [{ input: { service }, reason, key: `start-kept:${service}:${by}:${periodOf(now(), ROUND_MS)}` }]
  } catch (error) {
    if (!(error instanceof HowdahError)) throw error
    warn({ service, error: messageOf(error) }, 'cannot tell whether its Patroni is kept down')
    return []
  }
}
