import { type Check, CheckStatus } from '../../domain/check.ts'
import { assessEtcd } from '../../domain/cluster/etcd-quorum.ts'
import { NodeState } from '../../domain/cluster/node.ts'
import { isLeading, viewNodes } from '../../domain/cluster/node-view.ts'
import type { OperationRecord } from '../../domain/operation/operation.ts'
import {
  NOTHING_TOUCHED,
  PlannedDowntime,
  PlannedEffect,
  type PlanScope,
  planScope,
} from '../../domain/operation/plan-scope.ts'
import type { PlanContext } from '../context.ts'
import { typicalStepSeconds } from '../estimate.ts'
import { takesLastQuorum } from './check-service.ts'
import { isDown, leads, nodeOf, roleOf, ServiceRole, statusOf, successors } from './find-service.ts'
import type { ServiceInput } from './service-input.ts'

type Context = PlanContext<ServiceInput>

/** What a service's absence does to the rest. */
export interface Absence {
  readonly checks: readonly Check[]
  /** Seconds for which writes fail; null where that is unknown, because it lasts until an operator acts. */
  readonly downtimeSeconds: number | null
  readonly scope: PlanScope
}

/** The same without what every absence touches: the service itself, and its node. */
type Consequences = Omit<Absence, 'scope'> & { readonly effects?: readonly PlannedEffect[] }

/** A leader that stops releases its lock, and the replicas elect at once: measured 2 to 5 s of failed writes. */
const FAILOVER_SECONDS = 4

/** What goes down with it. `seconds`: how long it is away; null when it stays away. */
export function absenceOf(context: Context, seconds: number | null): Absence {
  const { cluster, layout, input } = context
  if (isDown(statusOf(cluster, input.service))) return { checks: [], downtimeSeconds: 0, scope: NOTHING_TOUCHED }
  const { effects = [], ...absence } = consequencesOf(context, seconds)
  const node = nodeOf(layout, input.service)
  const downtime = downtimeOf(absence.downtimeSeconds)
  return {
    ...absence,
    scope: planScope({ services: [input.service], nodes: node === null ? [] : [node], downtime, effects }),
  }
}

function downtimeOf(seconds: number | null): PlannedDowntime {
  if (seconds === null) return PlannedDowntime.OPEN_ENDED
  return seconds === 0 ? PlannedDowntime.NONE : PlannedDowntime.BRIEF
}

function consequencesOf(context: Context, seconds: number | null): Consequences {
  const { cluster, layout, input } = context
  switch (roleOf(layout, input.service)) {
    case ServiceRole.NODE:
      return leads(cluster, layout, input.service) ? leaderAbsence(context, seconds) : replicaAbsence(context)
    case ServiceRole.ETCD:
      return etcdAbsence(context, seconds)
    case ServiceRole.HAPROXY:
      return {
        checks: [warn('writes', `all reads and writes through HAProxy fail ${spell(seconds)}; direct ones go on`)],
        downtimeSeconds: seconds,
      }
    case ServiceRole.BARMAN:
      return harmless(
        'archive',
        `no WAL is archived and no backup can be made ${spell(seconds)}: the leader keeps its WAL meanwhile, on its own disk`,
      )
    case ServiceRole.REDIS:
      return harmless(
        'control plane',
        `no operation can be asked for or followed ${spell(seconds)}: those that run wait, this one too`,
      )
    case ServiceRole.API:
      return harmless('control plane', `no client can ask or follow anything ${spell(seconds)}: operations go on`)
    case ServiceRole.DOCKER_PROXY:
      return harmless(
        'control plane',
        `the API does not see containers and their logs ${spell(seconds)}: operations go on`,
      )
    default:
      return { checks: [], downtimeSeconds: 0 }
  }
}

function leaderAbsence({ cluster, input }: Context, seconds: number | null): Consequences {
  const next = successors(cluster)
  if (next.length === 0) {
    const message = `${input.service} leads and no replica may take over: writes fail ${spell(seconds)}`
    return { checks: [warn('leader', message)], downtimeSeconds: seconds }
  }
  const message = `${input.service} leads: the replicas elect another leader (${next.join(', ')} may), open transactions are lost`
  return {
    checks: [warn('leader', message)],
    downtimeSeconds: FAILOVER_SECONDS,
    effects: [PlannedEffect.LEADER_CHANGE],
  }
}

function replicaAbsence({ cluster, layout, input }: Context): Consequences {
  const node = nodeOf(layout, input.service) ?? ''
  const replicas = viewNodes(cluster).filter(({ role, state }) => !isLeading(role) && state === NodeState.STREAMING)
  const others = replicas.filter(({ name }) => name !== node)
  const checks = [
    others.length === 0
      ? warn('replicas', `${node} is the last replica: without it no node can take over from the leader`)
      : { ...warn('replicas', `${others.map(({ name }) => name).join(', ')} still replicate`), status: CheckStatus.OK },
  ]
  if (cluster.topology.value?.syncStandbys.includes(node) === true) {
    checks.push(
      warn('synchronous replication', `${node} is a sync standby: commits wait until Patroni has chosen another`),
    )
  }
  return { checks, downtimeSeconds: 0, effects: others.length === 0 ? [PlannedEffect.NO_REPLICA_LEFT] : [] }
}

function etcdAbsence(context: Context, seconds: number | null): Consequences {
  const { cluster, input } = context
  if (!takesLastQuorum(context)) {
    const { faultTolerance } = assessEtcd(cluster.etcd)
    return harmless('etcd', `etcd can lose ${faultTolerance} more; ${input.service} is one fewer`)
  }
  const failsafe = cluster.topology.value?.configuration['failsafe_mode'] === true
  const whatHolds = failsafe
    ? 'the leader goes on as long as it reaches every member (failsafe_mode)'
    : 'the leader steps down, and writes fail (failsafe_mode is off)'
  return {
    checks: [warn('etcd', `etcd has no quorum ${spell(seconds)}: no leader can be elected; ${whatHolds}`)],
    downtimeSeconds: failsafe ? 0 : seconds,
    effects: [PlannedEffect.QUORUM_LOSS],
  }
}

function harmless(name: string, message: string): Consequences {
  return { checks: [warn(name, message)], downtimeSeconds: 0 }
}

function warn(name: string, message: string): Check {
  return { name, status: CheckStatus.WARNING, message, hint: null }
}

function spell(seconds: number | null): string {
  return seconds === null ? 'until it is started again' : `for about ${Math.ceil(seconds)} s`
}

/** Earlier operations on the same service: they tell how long this one takes. */
export function alikeOf({ earlier, input }: Context): readonly OperationRecord[] {
  return earlier.filter((operation) => isFor(operation, input.service))
}

/** Seconds for which a step of this plan keeps the service away. */
export function secondsOf(context: Context, step: { readonly name: string; readonly usualSeconds: number }): number {
  return typicalStepSeconds(alikeOf(context), step.name) ?? step.usualSeconds
}

function isFor({ input }: OperationRecord, service: string): boolean {
  return input['service'] === service
}
