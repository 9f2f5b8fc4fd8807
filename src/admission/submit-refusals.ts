import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import { etcdAlarm, remedyForAlarm } from '../domain/cluster/etcd-alarms.ts'
import { assessEtcd } from '../domain/cluster/etcd-quorum.ts'
import { ClusterRequiredError } from '../domain/cluster/required-cluster.ts'
import { type Actor, type OperationPlan, type OperationRecord, Surface } from '../domain/operation/operation.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { SLOT_KEY } from '../domain/schedule/schedule.ts'
import type { AnyOperation } from '../operations/define-operation.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import type { ApprovalRules } from './approval-rules.ts'

/** A destructive kind wants the cluster's name again. */
export function unconfirmed(definition: AnyOperation, input: OperationInput, cluster: string): Refusal[] {
  if (!definition.destructive || input.confirm === cluster) return []
  return [
    refuse(
      'CONFIRMATION_REQUIRED',
      `${definition.name} destroys data and was not confirmed`,
      `Read the plan, then send it again with confirm: "${cluster}".`,
      'confirm',
    ),
  ]
}

/** How what was requested may be approved after all. */
export const TO_PROPOSE = {
  REQUEST: {
    field: 'propose',
    remedy: 'Send it again with propose: true; it runs once a person has approved it (approveOperation).',
  },
  RETRY: {
    field: 'propose',
    remedy:
      'Request it as a new operation, with propose: true; it runs once a person has approved it (approveOperation).',
  },
  SCHEDULE: {
    field: 'kind',
    remedy: 'Only configs/howdah.yml may have it on a schedule (schedules); then: docker compose restart worker.',
  },
} as const

/** A kind that runs only once it was approved. */
export function unapproved(
  { name }: AnyOperation,
  { required }: ApprovalRules,
  { field, remedy }: (typeof TO_PROPOSE)[keyof typeof TO_PROPOSE],
): Refusal[] {
  if (!required.has(name)) return []
  const message = `${name} runs only once it was approved (approvals.required in configs/howdah.yml)`
  return [refuse('APPROVAL_REQUIRED', message, remedy, field)]
}

/** What was approved is what runs: another plan than the one that was read is not carried out. */
export function planChanged({ ifPlan }: OperationInput, { fingerprint, summary }: OperationPlan): Refusal[] {
  if (ifPlan == null || ifPlan === fingerprint) return []
  return [
    refuse(
      'PLAN_CHANGED',
      `this is not the plan ${ifPlan} any more; what would be done now: ${summary}`,
      `Read the plan in this answer, then send it again with ifPlan: "${fingerprint}".`,
      'ifPlan',
    ),
  ]
}

/** A fenced kind cannot take its lock. */
export function withoutEtcd(cluster: ClusterSnapshot): Refusal[] {
  const alarm = etcdAlarm(cluster.etcd)
  if (alarm !== null) {
    const message = `etcd has raised the alarm ${alarm} and refuses writes, so the lock that keeps two operations apart cannot be taken`
    return [refuse('ETCD_ALARM', message, remedyForAlarm(alarm, cluster.etcd[0]?.name ?? 'etcd1'))]
  }
  const { hasQuorum, healthyCount, memberCount } = assessEtcd(cluster.etcd)
  if (hasQuorum) return []
  return [
    refuse(
      'ETCD_NO_QUORUM',
      `etcd has no quorum (${healthyCount} of ${memberCount} members are healthy), so the lock that keeps two operations apart cannot be taken`,
      'Bring etcd back first: startService(input: {service: "etcd1"}) or the same of "etcd2"; see cluster.health.',
    ),
  ]
}

export function clusterRequired(known: readonly string[]): Refusal {
  const { message, remedy } = new ClusterRequiredError(known)
  return refuse('CLUSTER_REQUIRED', message, remedy, 'cluster')
}

export function unknownCluster(name: string, known: readonly string[]): Refusal {
  return refuse('UNKNOWN_CLUSTER', `there is no cluster "${name}"`, `Configured: ${known.join(', ')}.`, 'cluster')
}

/** The key of a slot: a request that had it would be that slot's run. */
export function isReserved(key: string, { surface }: Actor): boolean {
  return key.startsWith(SLOT_KEY) && surface !== Surface.SCHEDULE
}

export function reservedKey(key: string): Refusal {
  const message = `idempotency key "${key}" is one of a schedule`
  return refuse('INVALID_INPUT', message, `Use one that does not begin with "${SLOT_KEY}".`, 'idempotencyKey')
}

export function keyConflict(key: string, operationId: string): Refusal {
  const refusal = refuse(
    'CONFLICT',
    `idempotency key "${key}" already stands for operation ${operationId}, which was asked for with another input`,
    'Use a new key for a new request.',
    'idempotencyKey',
  )
  return { ...refusal, retryable: false, operation: operationId }
}

/** Another operation claims the same. */
export function excluded(running: OperationRecord): Refusal {
  const refusal = refuse(
    'CONFLICT',
    `${running.kind} ${running.id} is ${running.status.toLowerCase()}; the two must not run at the same time`,
    `Wait for it (subscribe to operationEvents(operationId: "${running.id}")) or cancel it: cancelOperation(id: "Operation:${running.id}").`,
  )
  return { ...refusal, operation: running.id }
}
