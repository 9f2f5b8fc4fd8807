import { CLUSTER_PARTS, SERVICE_PARTS } from '../../../domain/cluster/snapshot-part.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkRebuildable, checkServiceExists, checkTakingDown } from '../check-service.ts'
import { serviceClaims, serviceResult, statusOf } from '../find-service.ts'
import { absenceOf, alikeOf, secondsOf } from '../plan-service.ts'
import { ServiceInput } from '../service-input.ts'
import { waitUntilWell } from '../wait-until-well.ts'
import { buildImage, rebuildServiceState } from './build-image.ts'
import { removeOldContainer, replaceContainer } from './replace-container.ts'

export default defineOperation({
  name: 'rebuildService',
  title: 'Rebuild a service',
  description:
    'Builds the image of a service and replaces its container: same name, volumes, networks, ports and settings. The old container is put back if the new one does not become healthy. Where the image did not change, nothing is replaced. Replaces `docker-compose build` and `up --force-recreate`.',
  input: ServiceInput,
  state: rebuildServiceState,
  claims: serviceClaims,
  fenced: false,
  destructive: false,
  check: (context) => [
    ...checkServiceExists(context, context.input.service),
    ...checkRebuildable(context),
    ...checkTakingDown(context, false),
  ],
  plan(context) {
    const { service } = context.input
    const image = statusOf(context.cluster, service)?.image
    return {
      summary: `Builds ${image ?? 'the image'}, and replaces the container of ${service} if the image changed`,
      alike: alikeOf(context),
      ...absenceOf(context, secondsOf(context, replaceContainer)),
      dataLoss: null,
    }
  },
  planRestsOn: CLUSTER_PARTS,
  changes: SERVICE_PARTS,
  steps: [buildImage, replaceContainer, waitUntilWell, removeOldContainer],
  result: serviceResult,
})
