import { z } from 'zod'
import type { ClusterLayout } from '../../../domain/cluster/cluster-layout.ts'
import { messageOf, NotFoundError } from '../../../domain/errors.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { median } from '../../estimate.ts'
import { roleOf, ServiceRole } from '../find-service.ts'
import type { CheckConnectivityInput } from './check-connectivity-input.ts'
import {
  type Connection,
  ConnectTimedOutError,
  NameNotResolvedError,
  PortClosedError,
  ProbeMissingError,
} from './connectivity-errors.ts'

type Context = StepContext<CheckConnectivityInput>

const TRIES = 5
const PROGRAM = '/usr/local/lib/howdah/howdah-reach'

const PORTS: Readonly<Record<ServiceRole, number | null>> = {
  [ServiceRole.NODE]: 5432,
  [ServiceRole.ETCD]: 2379,
  [ServiceRole.HAPROXY]: 5000,
  [ServiceRole.BARMAN]: 22,
  [ServiceRole.REDIS]: 6379,
  [ServiceRole.DOCKER_PROXY]: 2375,
  [ServiceRole.API]: 4000,
  [ServiceRole.WORKER]: 4001,
  [ServiceRole.OTHER]: null,
}

/** The port that is asked for, else the service's own main port; null when unknown. */
export function portOf({ to, port }: CheckConnectivityInput, layout: ClusterLayout): number | null {
  return port ?? PORTS[roleOf(layout, to)]
}

/** One line of howdah-reach. */
const answerSchema = z.object({
  addresses: z.array(z.string()),
  resolveMicroseconds: z.number(),
  tries: z.array(
    z.union([
      z.object({ microseconds: z.number() }),
      z.object({ error: z.enum(['refused', 'timeout', 'unreachable', 'other']) }),
    ]),
  ),
})
type Answer = z.output<typeof answerSchema>

/** Resolves the name and connects, from inside the one container to the other. It changes nothing. */
export const reachService: Step<CheckConnectivityInput> = {
  name: 'reach-service',
  title: 'Resolve the name and connect',
  usualSeconds: 1,
  deadlineMs: 60_000,

  // Looking twice does no harm.
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const { from, to } = context.input
    const port = portOf(context.input, context.layout) ?? 0
    const answer = await ask(context, port)
    const address = answer.addresses[0] ?? null
    const connection = { from, to, port, address, background: await backgroundOf(context) }
    if (address === null) throw new NameNotResolvedError(connection)
    const resolveMs = answer.resolveMicroseconds / 1000
    context.log(`${from} resolves ${to} to ${answer.addresses.join(', ')} in ${resolveMs} ms`)
    tellLatency(context, answer, connection)
    return undefined
  },
}

async function ask(context: Context, port: number): Promise<Answer> {
  const { from, to } = context.input
  const argv = [PROGRAM, to, String(port), String(TRIES)]
  const { exitCode, stdout, stderr } = await context.clients.services.run(
    from,
    { argv, timeoutMs: 30_000 },
    context.signal,
  )
  if (exitCode !== 0) throw new ProbeMissingError(from, (stderr || stdout).trim())
  return answerSchema.parse(JSON.parse(stdout))
}

/** Throws unless most of the tries have connected. */
function tellLatency(context: Context, { tries }: Answer, connection: Connection): void {
  const { from, to, port } = connection
  const latencies = tries.flatMap((one) => ('microseconds' in one ? [one.microseconds / 1000] : []))
  const failures = tries.flatMap((one) => ('error' in one ? [one.error] : []))
  const latencyMs = median(latencies)
  if (latencyMs === null || failures.length > latencies.length) {
    if (failures.includes('refused')) throw new PortClosedError(connection)
    throw new ConnectTimedOutError(connection, `${failures.length} of ${tries.length} tries ended with ${failures[0]}`)
  }
  const failed = failures.length === 0 ? '' : `; ${failures.length} failed (${failures.join(', ')})`
  context.log(`${from} connects to ${to}:${port} in ${latencyMs} ms, the median of ${tries.length} tries${failed}`)
}

async function backgroundOf(context: Context): Promise<string> {
  const { from, to } = context.input
  const [source, target] = await Promise.all([describe(context, from), describe(context, to)])
  return `${source}; ${target}.`
}

async function describe({ clients }: Context, service: string): Promise<string> {
  try {
    const { status, networks } = await clients.services.inspect(service)
    return `${service} is ${status}, on ${networks.join(' and ') || 'no network'}`
  } catch (error) {
    if (error instanceof NotFoundError) return `${service} has no container`
    return `${service} is not seen (${messageOf(error)})`
  }
}
