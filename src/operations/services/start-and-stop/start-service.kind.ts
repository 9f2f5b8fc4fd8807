import { type Check, CheckStatus } from '../../../domain/check.ts'
import { assessEtcd } from '../../../domain/cluster/etcd-quorum.ts'
import { ServiceState } from '../../../domain/cluster/node.ts'
import { SERVICE_PARTS } from '../../../domain/cluster/snapshot-part.ts'
import type { PlanContext } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkServiceExists } from '../check-service.ts'
import { roleOf, ServiceRole, serviceResult, startClaims, statusOf } from '../find-service.ts'
import { alikeOf } from '../plan-service.ts'
import { ServiceInput } from '../service-input.ts'
import { startNodePatroni } from '../start-node-patroni.ts'
import { waitUntilWell } from '../wait-until-well.ts'
import { findNodesLeftDown } from './find-nodes-left-down.ts'
import { startContainer } from './start-container.ts'

export default defineOperation({
  name: 'startService',
  title: 'Start a service',
  description:
    'Starts a service, or lets a frozen one go on, and waits until it is healthy: by its health check, and a node until it streams or leads. A Patroni that is kept down inside a running container is started as well. It needs no etcd: it is how etcd is brought back. Replaces `docker start` and `docker unpause`.',
  input: ServiceInput,
  automation: findNodesLeftDown,
  claims: startClaims,
  urgent: true,
  fenced: false,
  destructive: false,
  check: (context) => checkServiceExists(context, context.input.service),
  plan(context) {
    const { service } = context.input
    const isNode = roleOf(context.layout, service) === ServiceRole.NODE
    const frozen = statusOf(context.cluster, service)?.state === ServiceState.PAUSED
    return {
      summary: `${frozen ? 'Lets the frozen container go on' : 'Starts the container'} of ${service}${isNode ? ', and its Patroni where it is kept down,' : ','} and waits until it is healthy`,
      alike: alikeOf(context),
      checks: etcdCheck(context),
      downtimeSeconds: 0,
      dataLoss: null,
    }
  },
  changes: SERVICE_PARTS,
  steps: [startContainer, startNodePatroni, waitUntilWell],
  result: serviceResult,
})

/** A node cannot join without etcd. */
function etcdCheck({ cluster, layout, input }: PlanContext<ServiceInput>): Check[] {
  const { hasQuorum, healthyCount, memberCount } = assessEtcd(cluster.etcd)
  if (roleOf(layout, input.service) !== ServiceRole.NODE || hasQuorum) return []
  const message = `etcd has no quorum (${healthyCount} of ${memberCount}): the container starts, its PostgreSQL joins when etcd is back`
  return [{ name: 'etcd', status: CheckStatus.WARNING, message, hint: 'Start the etcd members first.' }]
}
