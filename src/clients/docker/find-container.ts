import type Docker from 'dockerode'
import { z } from 'zod'
import { parseAnswer } from '../parse-answer.ts'
import {
  type ContainerAddress,
  composeFilters,
  isOfService,
  isSetAside,
  type ListedContainer,
  madeByCompose,
  type ServiceContainer,
} from './container-address.ts'
import { ContainerMissingError, ForeignContainerError } from './container-errors.ts'
import { callDocker } from './docker-endpoint.ts'

interface Candidate extends ListedContainer {
  /** Docker's word: "running", "exited". */
  readonly state: string
  /** Seconds since 1970. */
  readonly createdAt: number
}

const listSchema = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()).nullable(),
    Labels: z.record(z.string(), z.string()).nullish(),
    State: z.string(),
    Created: z.number(),
  }),
)

/** What has a process, frozen ones and those that Docker is about to start again included. */
const ALIVE: ReadonlySet<string> = new Set(['running', 'paused', 'restarting'])

/**
 * The id of the container that is meant: the one place where a service becomes a container. A service's is found by the
 * labels that Compose gave it, for its name may change: Compose itself renames what it replaces. Only a container without
 * those labels goes by its name. Throws UnreachableError, ContainerMissingError, ForeignContainerError.
 */
export async function findContainer(
  docker: Docker,
  address: ContainerAddress,
  options: { timeoutMs: number; signal?: AbortSignal | undefined; system?: string },
): Promise<string> {
  if (typeof address === 'string') return address
  const { system = `Docker ${address.name}` } = options
  const list = async (filters: Record<string, string[]>) => {
    const answer = await callDocker({ ...options, system }, (abortSignal) =>
      docker.listContainers({ all: true, filters, abortSignal }),
    )
    return parseAnswer(system, listSchema, answer).map(toCandidate)
  }
  const labelled = pickContainer(address, await list({ ...composeFilters(address) }))
  if (labelled !== null) return labelled.id
  const named = (await list({ name: [`^/?${escaped(address.name)}$`] })).find(({ name }) => name === address.name)
  const owner = named === undefined ? null : madeByCompose(named)
  const isForeign = owner !== null && (owner.project !== address.project || owner.service !== address.service)
  if (isForeign) throw new ForeignContainerError(address, owner)
  if (named !== undefined && owner === null && isOfService(named)) return named.id
  throw new ContainerMissingError(
    `Docker has no container of service ${address.service} in Compose project ${address.project}, and none of its own called ${address.name}`,
  )
}

/**
 * Of all that have the service's labels: one that runs, and else the newest. What an operation has set aside is out of
 * the running, and so is what ended before that one was made: neither is its successor. Exported for its test.
 */
export function pickContainer(address: ServiceContainer, listed: readonly Candidate[]): Candidate | null {
  const candidates = listed.filter(isOfService)
  const asideSince = Math.max(...candidates.flatMap((each) => (isSetAside(address, each) ? [each.createdAt] : [])))
  const [first] = candidates
    .filter((each) => !isSetAside(address, each) && (ALIVE.has(each.state) || each.createdAt >= asideSince))
    .sort(
      (a, b) =>
        Number(ALIVE.has(b.state)) - Number(ALIVE.has(a.state)) ||
        b.createdAt - a.createdAt ||
        Number(b.name === address.name) - Number(a.name === address.name),
    )
  return first ?? null
}

function toCandidate({ Id, Names, Labels, State, Created }: z.output<typeof listSchema>[number]): Candidate {
  // A link adds the names that it is known by elsewhere: "/web/db". Its own has one slash.
  const own = (Names ?? []).map((name) => name.replace(/^\//, '')).find((name) => !name.includes('/'))
  return { id: Id, name: own ?? '', labels: Labels ?? {}, state: State, createdAt: Created }
}

function escaped(name: string): string {
  return name.replaceAll(/[.]/g, '\\.')
}
