import { type Check, CheckStatus } from '../../../domain/check.ts'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { cureOf, describeRefusal } from '../../../domain/cluster/login-refusal.ts'
import { leaderOf, snapshotOf } from '../../node-access/node-health.ts'

/**
 * Whether Howdah's role will get in after a cut-over, as far as it can be known before. Its password and its LOGIN are set as
 * the cluster has them; what keeps it out now may be in the recovered data as well.
 */
export function rolesCheck(cluster: ClusterSnapshot): Check {
  const name = 'roles of the stack'
  const leader = leaderOf(cluster)
  const node = leader === null ? undefined : snapshotOf(cluster, leader)
  const refusal = node?.loginRefusal ?? null
  if (refusal === null) {
    const message = 'their passwords are set as the cluster has them now, before it is stopped'
    return { name, status: CheckStatus.OK, message, hint: null }
  }
  const message = `PostgreSQL of ${leader} does not let ${describeRefusal(refusal)}. It may be so afterwards as well: then the downtime is not measured`
  return { name, status: CheckStatus.WARNING, message, hint: cureOf(refusal, node?.service ?? leader) }
}
