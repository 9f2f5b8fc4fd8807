import { CLUSTER_PARTS, SERVICE_PARTS } from '../../../domain/cluster/snapshot-part.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkOwnGround, checkServiceExists, checkTakingDown } from '../check-service.ts'
import { serviceClaims, serviceResult } from '../find-service.ts'
import { absenceOf, alikeOf, secondsOf } from '../plan-service.ts'
import { ServiceInput } from '../service-input.ts'
import { startNodePatroni } from '../start-node-patroni.ts'
import { waitUntilWell } from '../wait-until-well.ts'
import { restartContainer, restartServiceState } from './restart-container.ts'

export default defineOperation({
  name: 'restartService',
  title: 'Restart a service',
  description:
    'Restarts the container of a service gracefully, starts the Patroni of a node where it is kept down, and waits until it is healthy; its plan says what is away meanwhile. For the PostgreSQL of a node alone there is restartNode. Replaces `docker restart`.',
  input: ServiceInput,
  state: restartServiceState,
  claims: serviceClaims,
  fenced: false,
  destructive: false,
  check: (context) => [
    ...checkServiceExists(context, context.input.service),
    ...checkOwnGround(context, false),
    ...checkTakingDown(context, false),
  ],
  plan(context) {
    return {
      summary: `Restarts ${context.input.service}, and waits until it is healthy`,
      alike: alikeOf(context),
      ...absenceOf(context, secondsOf(context, restartContainer)),
      dataLoss: null,
    }
  },
  planRestsOn: CLUSTER_PARTS,
  changes: SERVICE_PARTS,
  steps: [restartContainer, startNodePatroni, waitUntilWell],
  result: serviceResult,
})
