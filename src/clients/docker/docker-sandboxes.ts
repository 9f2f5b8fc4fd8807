import type Docker from 'dockerode'
import { HowdahError, NotFoundError } from '../../domain/errors.ts'
import { type ContainerAddress, nameOf, SANDBOX_LABEL } from './container-address.ts'
import type { DockerControl } from './docker-control.ts'
import { callDocker, openDocker } from './docker-endpoint.ts'
import { findContainer } from './find-container.ts'

/** A container of its own for one directory of another container's volume. */
export interface SandboxRequest {
  readonly name: string
  /** The container whose image it is made from, and on whose volume the directory is. */
  readonly of: ContainerAddress
  /** The one directory that it can write to, under the path that it has in that container. */
  readonly directory: string
  /** A directory in it that it can only read. */
  readonly readOnly: string
  readonly environment: Readonly<Record<string, string>>
}

export type SandboxState = 'ABSENT' | 'STOPPED' | 'RUNNING'

/**
 * Containers that can reach nothing but their directory: no network, nothing else of any volume, no right beyond those of an
 * ordinary user, and none to be had. What they do is run in them by exec. Throws UnreachableError.
 */
export interface DockerSandboxes {
  /** Makes it and starts it. Already running is success. Throws NoVolumeError. */
  ensure(request: SandboxRequest): Promise<void>
  state(name: string): Promise<SandboxState>
  /** With all that runs in it. Already gone is success. */
  remove(name: string): Promise<void>
}

/** The directory is on no volume, so no other container can have it. */
export class NoVolumeError extends HowdahError {
  readonly code = 'NO_VOLUME'
  constructor(container: string, directory: string) {
    super(`${directory} of ${container} is on no volume, so it cannot be given to a container of its own`, {
      remedy: `Mount a volume there, as docker/compose.yml does, and start ${container} again.`,
    })
  }
}

const CREATE_TIMEOUT_MS = 60_000
const SHARED_MEMORY_BYTES = 256 * 1024 * 1024
/** Of Compose, by which `npm stop` and `npm run destroy` find what belongs to a stack. */
const PROJECT_LABEL = 'com.docker.compose.project'
export const SANDBOX_PROJECT_LABEL = 'howdah.project'

export function createDockerSandboxes({
  endpoint,
  control,
  timeoutMs = 10_000,
}: {
  readonly endpoint: string
  /** Of the same engine. */
  readonly control: Pick<DockerControl, 'inspect' | 'start' | 'remove'>
  readonly timeoutMs?: number
}): DockerSandboxes {
  const docker = openDocker(endpoint)

  async function state(name: string): Promise<SandboxState> {
    try {
      return (await control.inspect(name)).running ? 'RUNNING' : 'STOPPED'
    } catch (error) {
      if (error instanceof NotFoundError) return 'ABSENT'
      throw error
    }
  }

  async function make(request: SandboxRequest): Promise<void> {
    const { name, of } = request
    const id = await findContainer(docker, of, { timeoutMs })
    const original = await callDocker({ system: `Docker ${nameOf(of)}`, timeoutMs }, (abortSignal) =>
      docker.getContainer(id).inspect({ abortSignal }),
    )
    await callDocker({ system: `Docker ${name}`, timeoutMs: CREATE_TIMEOUT_MS }, (abortSignal) =>
      docker.createContainer({ name, ...sandboxRecipe(request, original), abortSignal }),
    )
  }

  return {
    state,
    async ensure(request) {
      const before = await state(request.name)
      if (before === 'ABSENT') await make(request)
      if (before !== 'RUNNING') await control.start(request.name)
    },
    remove: (name) => control.remove(name),
  }
}

/** Exported for its test. */
export function sandboxRecipe(
  { of, directory, readOnly, environment }: SandboxRequest,
  original: Pick<Docker.ContainerInspectInfo, 'Image' | 'Mounts' | 'Config'>,
): Docker.ContainerCreateOptions {
  const source = sourceOf(nameOf(of), directory, original.Mounts)
  const mount = (path: string, ReadOnly: boolean): Docker.MountSettings => ({
    Type: 'bind',
    Source: source + path.slice(directory.length),
    Target: path,
    ReadOnly,
  })
  const project = original.Config.Labels[PROJECT_LABEL]
  return {
    // The very image that the other container runs, whatever its tag stands for by now.
    Image: original.Image,
    Cmd: ['sleep', 'infinity'],
    Env: Object.entries(environment).map(([key, value]) => `${key}=${value}`),
    Labels: { [SANDBOX_LABEL]: directory, ...(project === undefined ? {} : { [SANDBOX_PROJECT_LABEL]: project }) },
    HostConfig: {
      NetworkMode: 'none',
      Mounts: [mount(directory, false), mount(readOnly, true)],
      // For root alone, who sleeps, and makes links where the cluster has tablespaces. PostgreSQL runs as an ordinary user, by exec.
      CapDrop: ['ALL'],
      CapAdd: ['CHOWN', 'DAC_OVERRIDE'],
      SecurityOpt: ['no-new-privileges'],
      ShmSize: SHARED_MEMORY_BYTES,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
    },
  }
}

/** Where the engine itself has the directory. */
function sourceOf(container: string, directory: string, mounts: Docker.ContainerInspectInfo['Mounts']): string {
  const [mount] = mounts
    .filter(({ Destination }) => directory.startsWith(`${Destination}/`))
    .sort((a, b) => b.Destination.length - a.Destination.length)
  if (mount === undefined) throw new NoVolumeError(container, directory)
  return mount.Source + directory.slice(mount.Destination.length)
}
