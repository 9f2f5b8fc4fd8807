import type Docker from 'dockerode'

/** What it takes to make a container like another one. What Docker reported of it goes back to Docker unchanged. */
export interface ContainerRecipe {
  /** All but the name. */
  readonly create: Docker.ContainerCreateOptions
  /** Networks beyond the one that `create` joins: an engine before API 1.44 takes one at a time. */
  readonly furtherNetworks: readonly (readonly [network: string, endpoint: Docker.EndpointSettings])[]
}

type Inspected = Docker.ContainerInspectInfo
type Config = Inspected['Config']
/** Of an image: Docker leaves out what it does not set. */
export type ImageConfig = Partial<Pick<Config, 'Env' | 'Cmd' | 'User' | 'WorkingDir'>> & {
  readonly Entrypoint?: string | string[] | null | undefined
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly Volumes?: Readonly<Record<string, object>> | null
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  readonly Healthcheck?: unknown
  readonly StopSignal?: string
}

/** Compose 2 notes here which image it made the container from; with an older one it would replace it at once. */
const COMPOSE_IMAGE_LABEL = 'com.docker.compose.image'

/**
 * A container like `old`, of the image that its tag stands for now. What `old` only had from its own image is left out,
 * so that the new image's command, environment and so on apply; everything else stays, anonymous volumes too.
 */
export function recipeOf(old: Inspected, oldImage: ImageConfig, newImageId: string): ContainerRecipe {
  const [first, ...furtherNetworks] = Object.entries(old.NetworkSettings.Networks ?? {}).map(
    ([network, endpoint]) => [network, endpointOf(endpoint, old.Id)] as const,
  )
  return {
    create: {
      ...configOf(old, oldImage, newImageId),
      Image: old.Config.Image,
      HostConfig: { ...old.HostConfig, Binds: [...(old.HostConfig.Binds ?? []), ...anonymousVolumes(old)] },
      NetworkingConfig: { EndpointsConfig: first === undefined ? {} : { [first[0]]: first[1] } },
    },
    furtherNetworks,
  }
}

function configOf(
  { Id, Config }: Inspected,
  image: ImageConfig,
  newImageId: string,
): Omit<Docker.ContainerCreateOptions, 'HostConfig' | 'NetworkingConfig'> {
  const { Hostname, Domainname, User, Tty, OpenStdin, StdinOnce, Env, Cmd, Entrypoint, WorkingDir } = Config
  const ownEntrypoint = !same(Entrypoint, image.Entrypoint)
  return {
    Domainname,
    Tty,
    OpenStdin,
    StdinOnce,
    Env: without(Env, image.Env),
    Labels: labelsOf(Config.Labels, image.Labels, newImageId),
    Volumes: keysWithout(Config.Volumes, image.Volumes),
    ExposedPorts: keysWithout(Config.ExposedPorts, image.ExposedPorts),
    // Docker's own default for it is the id.
    ...(Id.startsWith(Hostname) ? {} : { Hostname }),
    ...(same(User, image.User) ? {} : { User }),
    ...(same(WorkingDir, image.WorkingDir) ? {} : { WorkingDir }),
    ...(ownEntrypoint && Entrypoint !== undefined ? { Entrypoint } : {}),
    // With an entrypoint of its own a container gets no command from its image.
    ...(same(Cmd, image.Cmd) && !ownEntrypoint ? {} : { Cmd }),
    ...ownExtras(Config, image),
  }
}

/** Fields that Docker reports only where they are set. */
function ownExtras(config: Extras, image: ImageConfig): Extras {
  const { Healthcheck, StopSignal, StopTimeout } = config
  return {
    ...(Healthcheck === undefined || same(Healthcheck, image.Healthcheck) ? {} : { Healthcheck }),
    ...(StopSignal === undefined || same(StopSignal, image.StopSignal) ? {} : { StopSignal }),
    ...(StopTimeout === undefined ? {} : { StopTimeout }),
  }
}

/** Reported by Docker, though missing in the library's types. */
type Extras = Pick<Docker.ContainerCreateOptions, 'Healthcheck' | 'StopSignal' | 'StopTimeout'>

function labelsOf(
  labels: Readonly<Record<string, string>>,
  ofImage: ImageConfig['Labels'],
  newImageId: string,
): Record<string, string> {
  const own = Object.entries(labels).filter(([name, value]) => ofImage?.[name] !== value)
  return Object.fromEntries(own.map(([name, value]) => [name, name === COMPOSE_IMAGE_LABEL ? newImageId : value]))
}

function endpointOf(endpoint: Docker.NetworkInfo, oldId: string): Docker.EndpointSettings {
  const aliases: readonly string[] = endpoint.Aliases ?? []
  return {
    // Docker adds the short id by itself.
    Aliases: aliases.filter((alias) => !oldId.startsWith(alias)),
    IPAMConfig: endpoint.IPAMConfig,
    Links: endpoint.Links,
  }
}

/** Volumes without a name in the compose file would stay with the old container. */
function anonymousVolumes({ HostConfig, Mounts }: Inspected): string[] {
  const named = new Set([
    ...(HostConfig.Binds ?? []).map((bind) => bind.split(':')[1]),
    ...(HostConfig.Mounts ?? []).map(({ Target }) => Target),
  ])
  return Mounts.flatMap(({ Type, Name, Destination, RW }) =>
    Type === 'volume' && Name !== undefined && !named.has(Destination)
      ? [`${Name}:${Destination}${RW ? '' : ':ro'}`]
      : [],
  )
}

function without(values: readonly string[] | null, ofImage: readonly string[] | null | undefined): string[] {
  return (values ?? []).filter((value) => !(ofImage ?? []).includes(value))
}

function keysWithout(
  values: Readonly<Record<string, object>> | null | undefined,
  ofImage: Readonly<Record<string, object>> | null | undefined,
): Record<string, object> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([name]) => !(name in (ofImage ?? {}))))
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
}
