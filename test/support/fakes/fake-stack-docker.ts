import { type DockerRule, fakeDockerCommand } from './fake-docker-command.ts'

export interface FakeContainer {
  readonly service: string
  readonly running?: boolean
  /** The root of the clone that it was made from. */
  readonly folder?: string
  readonly scope?: string
}

export interface FakeStack {
  readonly project?: string
  /** Name and labels of volumes: `null` is one without labels. */
  readonly volumes?: readonly (readonly [name: string, volume: string | null])[]
  readonly containers?: readonly FakeContainer[]
  readonly rules?: readonly DockerRule[]
}

/** Docker with volumes and containers of one stack, and a mark that can be written. */
export function fakeStackDocker({ project = 'howdah', volumes = [], containers = [], rules = [] }: FakeStack) {
  let mark: string | null = null
  const inspected = containers.map(({ service, running = true, folder, scope = 'patroni' }) => {
    const labels = {
      'com.docker.compose.service': service,
      ...(folder === undefined ? {} : { 'com.docker.compose.project.working_dir': `${folder}/docker` }),
    }
    const mounts =
      folder === undefined ? [] : [{ Source: `${folder}/secrets/ssh/${service}`, Destination: '/run/secrets/ssh' }]
    const environment = ['PATH=/bin', `PATRONI_SCOPE=${scope}`]
    return [service, String(running), JSON.stringify(labels), JSON.stringify(environment), JSON.stringify(mounts)].join(
      '\t',
    )
  })
  return fakeDockerCommand([
    ...rules,
    [
      /^volume ls /,
      () => volumes.map(([name, of]) => `${name}\t${of === null ? '' : project}\t${of ?? ''}`).join('\n'),
    ],
    [/^ps --all --quiet /, () => containers.map(({ service }) => service).join('\n')],
    [/^inspect /, () => inspected.join('\n')],
    [
      /^volume inspect /,
      () => (mark === null ? { code: 1, output: 'no such volume' } : JSON.stringify({ 'howdah.secrets': mark })),
    ],
    [
      /^volume rm /,
      () => {
        mark = null
        return ''
      },
    ],
    [
      /^volume create /,
      ({ args }) => {
        mark = args[args.indexOf('--label') + 1]?.replace('howdah.secrets=', '') ?? null
        return ''
      },
    ],
  ])
}
