import { ServiceState } from '../../../domain/cluster/node.ts'
import { startCall } from '../../../domain/cluster/start-call.ts'
import { refuse } from '../../../domain/refusal.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkServiceExists } from '../check-service.ts'
import { isDown, statusOf } from '../find-service.ts'
import { CheckConnectivityInput } from './check-connectivity-input.ts'

import { portOf, reachService } from './reach-service.ts'

export default defineOperation({
  name: 'checkConnectivity',
  title: 'Check the connection between two services',
  description:
    'From inside one container to another service: whether its name is resolved, to which address, whether the port takes connections, and how long one takes. Replaces `docker exec ... getent hosts`, `ping` and `nc`.',
  input: CheckConnectivityInput,
  fenced: false,
  destructive: false,
  check(context) {
    const { input, cluster, layout } = context
    const unknown = [
      ...checkServiceExists(context, input.from, 'from'),
      ...checkServiceExists(context, input.to, 'to').filter(({ code }) => code === 'UNKNOWN_SERVICE'),
    ]
    if (unknown.length > 0) return unknown
    const from = statusOf(cluster, input.from)
    if (isDown(from) || from?.state === ServiceState.PAUSED) {
      const message = `${input.from} is ${from?.state.toLowerCase()}: nothing can be tried from it`
      return [refuse('SERVICE_NOT_RUNNING', message, `Start it first: ${startCall(input.from)}.`, 'from')]
    }
    if (portOf(input, layout) !== null) return []
    return [refuse('PORT_REQUIRED', `no main port of ${input.to} is known`, 'Say which port.', 'port')]
  },
  plan({ input, layout }) {
    return {
      summary: `Connects from ${input.from} to ${input.to} on port ${portOf(input, layout)}`,
      checks: [],
      downtimeSeconds: 0,
      dataLoss: null,
    }
  },
  changes: [],
  steps: [reachService],
  result: ({ input, layout }) => ({ type: 'Service', scope: layout.name, name: input.to }),
})
