import type { ClusterSnapshot } from '../../domain/cluster/cluster.ts'
import { ServiceState } from '../../domain/cluster/node.ts'
import { startCall } from '../../domain/cluster/start-call.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { isDown, statusOf } from '../services/find-service.ts'

/** What lies in a container is removed by what runs there: one that is known to be down is named, with what starts it. */
export function checkDataService(cluster: ClusterSnapshot, service: string): Refusal[] {
  const status = statusOf(cluster, service)
  if (!isDown(status)) return []
  const remedy =
    status?.state === ServiceState.MISSING
      ? 'First make the missing containers with `npm start`.'
      : `First: ${startCall(service)}.`
  return [refuse('SERVICE_NOT_RUNNING', `${service}, where its data lies, does not run`, remedy, 'recovery')]
}
