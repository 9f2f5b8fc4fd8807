import { CLUSTER_PARTS, SERVICE_PARTS } from '../../../domain/cluster/snapshot-part.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkRebuildable, checkServiceExists, checkTakingDown } from '../check-service.ts'
import { serviceClaims, serviceResult, statusOf } from '../find-service.ts'
import { absenceOf, estimateSteps, totalSeconds } from '../plan-service.ts'
import { ServiceInput } from '../service-input.ts'
import { waitUntilWell } from '../wait-until-well.ts'
import { buildImage, rebuildServiceState } from './build-image.ts'
import { removeOldContainer, replaceContainer } from './replace-container.ts'

const STEPS = [buildImage, replaceContainer, waitUntilWell, removeOldContainer]

export default defineOperation({
  name: 'rebuildService',
  title: 'Rebuild a service',
  description:
    'Builds the image of a service anew and puts a new container in the place of the old one: same name, volumes, networks, ports and settings. The old one is put back when the new one does not get well. Where the image did not change, nothing is replaced. Replaces `docker-compose build` and `up --force-recreate`.',
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
    const steps = estimateSteps(context, STEPS)
    const replacing = steps.find(({ name }) => name === replaceContainer.name)
    const image = statusOf(context.cluster, service)?.image
    return {
      summary: `Builds ${image ?? 'the image'} anew, and replaces the container of ${service} if the image changed`,
      steps,
      ...absenceOf(context, replacing?.estimatedSeconds ?? null),
      estimatedSeconds: totalSeconds(steps),
      dataLoss: null,
    }
  },
  planRestsOn: CLUSTER_PARTS,
  changes: SERVICE_PARTS,
  steps: STEPS,
  result: serviceResult,
})
