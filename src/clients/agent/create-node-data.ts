import { z } from 'zod'
import { NodeCommandError } from '../../domain/cluster/node-command-error.ts'
import { UnexpectedAnswerError } from '../../domain/errors.ts'
import type { ContainerAddress } from '../docker/container-address.ts'
import type { DockerExec } from '../docker/docker-exec.ts'
import { parseAnswer } from '../parse-answer.ts'
import type { NodeData } from './node-data.ts'

const PROGRAM = 'howdah-data'

const nothingSchema = z.object({})
const directorySchema = z.object({ directory: z.string() })
const originSchema = z.object({ checksum: z.string().nullable() })
const controlSchema = z.discriminatedUnion('read', [
  z.object({
    read: z.literal('WHOLE'),
    systemIdentifier: z.string(),
    state: z.string(),
    checkpointLsn: z.string(),
    timeline: z.number(),
  }),
  z.object({ read: z.literal('DAMAGED') }),
  z.object({ read: z.literal('PARTIAL'), missing: z.string() }),
])
const historySchema = z.object({
  left: z.array(z.object({ timeline: z.number(), lsn: z.string(), reason: z.string() })),
})
const handedOverSchema = z.object({ handedOver: z.array(z.string()) })
const sizeSchema = z.object({ bytes: z.number() })
const progressSchema = z.union([
  z.object({ progress: z.enum(['NOT_SWAPPED', 'HALF', 'SWAPPED', 'NO_COPY']) }),
  z.object({ progress: z.literal('UNEXPECTED'), seen: z.string() }),
])
const keptDownSchema = z.object({ by: z.string().nullable() })
const startedSchema = z.object({ started: z.boolean() })
const startSchema = z.object({ stopping: z.boolean() })
const stoppingSchema = z.object({
  patroni: z.boolean(),
  postgres: z.object({ accepts: z.boolean(), processes: z.array(z.string()) }).nullable(),
  control: z.string().nullable(),
})

/** Who runs it: the owner of the data, or the container's own user, to whom runit listens. */
type Runner = 'postgres' | undefined
const OWNER: Runner = 'postgres'
const ROOT: Runner = undefined

const USUAL_MS = 60_000
/** It is polled while a node is copied. */
const ORIGIN_MS = 10_000
/** The archive may be slow to take what waits, and a large directory slow to be read or removed. */
const SLOW_MS = 600_000
/** Beside what a stop may wait for: a container that supervises nothing yet, and the look. */
const AROUND_STOP = 3

/** What `howdah-data` does in a node's container: docker/agent/howdah/data. */
export function createNodeData(deps: {
  readonly docker: DockerExec
  readonly container: ContainerAddress
  /** By which errors name it. */
  readonly service: string
}): NodeData {
  const { docker, container, service } = deps
  const system = `${PROGRAM} in ${service}`

  async function ask<T extends z.ZodType>(
    user: Runner,
    schema: T,
    [verb, ...given]: readonly [verb: string, argument?: string | object],
    timeoutMs = USUAL_MS,
  ): Promise<z.output<T>> {
    const argv = [PROGRAM, verb, ...given.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))]
    const request = { container, argv, timeoutMs, ...(user === undefined ? {} : { user }) }
    const { exitCode, stdout, stderr } = await docker.run(request)
    if (exitCode === 0) return parseAnswer(system, schema, jsonOf(stdout))
    const said = `${stderr.trim() || stdout.trim() || 'no words'} (exit code ${exitCode})`
    throw new NodeCommandError(service, PROGRAM, said, exitCode)
  }

  function jsonOf(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new UnexpectedAnswerError(system, text.trim() || 'nothing', { cause })
    }
  }

  return {
    liveDirectory: async () => (await ask(ROOT, directorySchema, ['live-directory'])).directory,
    origin: async () => (await ask(ROOT, originSchema, ['origin'], ORIGIN_MS)).checksum,
    controlData: (directory) => ask(OWNER, controlSchema, ['control', directory]),
    history: async (directory, timeline) =>
      (await ask(OWNER, historySchema, ['history', { directory, timeline }])).left,
    handOverWal: async (directory) =>
      (await ask(OWNER, handedOverSchema, ['hand-over-wal', directory], SLOW_MS)).handedOver,
    size: async (directory) => (await ask(ROOT, sizeSchema, ['size', directory], SLOW_MS)).bytes,
    async removePrevious(directory) {
      await ask(OWNER, nothingSchema, ['remove-previous', directory], SLOW_MS)
    },

    swapProgress: (directories) => ask(OWNER, progressSchema, ['swap-progress', placesOf(directories)]),
    async checkSwap(directories) {
      await ask(OWNER, nothingSchema, ['swap-check', placesOf(directories)])
    },
    async swap(directories) {
      await ask(OWNER, nothingSchema, ['swap', placesOf(directories)])
    },
    async swapBack(directories) {
      await ask(OWNER, nothingSchema, ['swap-back', placesOf(directories)])
    },

    keptDownBy: async () => (await ask(ROOT, keptDownSchema, ['kept-down-by'])).by,
    isPatroniStarted: async () => (await ask(ROOT, startedSchema, ['patroni-started'])).started,
    startPatroni: async () => ((await ask(ROOT, startSchema, ['start-patroni'])).stopping ? 'STOPPING' : 'STARTED'),
    stopPatroni: (request) =>
      ask(ROOT, stoppingSchema, ['stop-patroni', request], AROUND_STOP * request.seconds * 1000),
    async endPatroni() {
      await ask(ROOT, nothingSchema, ['end-patroni'])
    },
    async stopPostgres() {
      await ask(ROOT, nothingSchema, ['stop-postgres'])
    },
    async endBoth() {
      await ask(ROOT, nothingSchema, ['end-both'])
    },
  }
}

/** It takes these and nothing else: what a caller knows besides stays with it. */
function placesOf({ live, copy, previous }: Parameters<NodeData['swap']>[0]): object {
  return { live, copy, previous }
}
