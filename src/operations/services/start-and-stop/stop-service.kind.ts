import { CLUSTER_PARTS, SERVICE_PARTS } from '../../../domain/cluster/snapshot-part.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkOwnGround, checkServiceExists, checkTakingDown } from '../check-service.ts'
import { isDown, serviceClaims, serviceResult, statusOf } from '../find-service.ts'
import { absenceOf, alikeOf } from '../plan-service.ts'
import { ServiceInput } from '../service-input.ts'
import { stopContainer, stopServiceState } from './stop-container.ts'
import { waitForOtherLeader } from './wait-for-other-leader.ts'

export default defineOperation({
  name: 'stopService',
  title: 'Stop a service',
  description:
    'Stops a service gracefully; its plan says what goes down with it. When it led, waits until another node leads. Replaces `docker stop`.',
  input: ServiceInput,
  state: stopServiceState,
  claims: serviceClaims,
  fenced: false,
  destructive: false,
  check: (context) => [
    ...checkServiceExists(context, context.input.service),
    ...checkOwnGround(context, true),
    ...checkTakingDown(context, true),
  ],
  plan(context) {
    const { service } = context.input
    const down = isDown(statusOf(context.cluster, service))
    return {
      summary: down
        ? `${service} is stopped already`
        : `Stops ${service}, which stays stopped until it is started again`,
      alike: alikeOf(context),
      ...absenceOf(context, null),
      isNeedless: down,
      // A graceful stop of the leader ends when its replicas have all of its WAL.
      dataLoss: null,
    }
  },
  planRestsOn: CLUSTER_PARTS,
  changes: SERVICE_PARTS,
  steps: [stopContainer, waitForOtherLeader],
  result: serviceResult,
})
