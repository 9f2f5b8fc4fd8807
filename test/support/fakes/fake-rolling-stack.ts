import { fakeDockerCommand } from './fake-docker-command.ts'

const HASH = 'h'

/** How a node is when the fake begins, and what goes wrong with it once it is made again. */
export interface FakeNode {
  readonly state?: string
  readonly afterwards?: string
  /** Who leads from then on. */
  readonly handsOverTo?: string
  readonly keptDown?: boolean
}

/**
 * A stack that runs, with Docker and Compose in front of it: who leads changes by patronictl alone, and a container that is made again has a new id and
 * streams after some looks. `log` has what was done, in its order.
 */
export function fakeRollingStack({
  leader = 'db1' as string | null,
  nodes = {} as Readonly<Record<string, FakeNode>>,
  paused = false,
  switchover = 'done' as 'done' | 'refused' | 'without effect',
} = {}) {
  const services = ['etcd1', 'etcd2', 'db1', 'db2', 'db3', 'haproxy', 'api']
  const log: string[] = []
  const containers = new Map(services.map((service) => [service, { id: `${service}-1`, looks: 0 }]))
  let leads = leader
  const serviceOf = (id: string) => services.find((service) => containers.get(service)?.id === id) ?? ''
  const stateOf = (name: string) => {
    if (name === leads) return 'running'
    const { id = '', looks = 0 } = containers.get(name) ?? {}
    if (!id.endsWith('-2')) return nodes[name]?.state ?? 'streaming'
    return looks < 2 ? 'starting' : (nodes[name]?.afterwards ?? 'streaming')
  }
  const cluster = () => ({
    ...(paused ? { pause: true } : {}),
    members: ['db1', 'db2', 'db3'].map((name) => ({
      name,
      role: name === leads ? 'leader' : 'replica',
      state: stateOf(name),
      ...(name === leads ? {} : { lag: 0 }),
    })),
  })
  const fake = fakeDockerCommand([
    [/^ps /, () => services.map((service) => containers.get(service)?.id ?? '').join('\n')],
    [/^inspect .*Health/, () => 'healthy'],
    [
      /^exec \S+ test -e /,
      ({ args }) => (nodes[serviceOf(args[1] ?? '')]?.keptDown === true ? '' : { code: 1, output: '' }),
    ],
    [/^inspect /, () => services.map((s) => [s, containers.get(s)?.id, 'true', HASH, 'i', 'n'].join('\t')).join('\n')],
    [
      /^exec \S+ bash -c exec 3/,
      ({ args }) => {
        const container = containers.get(serviceOf(args[1] ?? ''))
        if (container !== undefined) container.looks++
        return `HTTP/1.0 200 OK\r\n\r\n${JSON.stringify(cluster())}`
      },
    ],
    [
      /http-ok 8008 \/replica$/,
      ({ args }) => (stateOf(serviceOf(args[1] ?? '')) === 'streaming' ? '' : { code: 1, output: '' }),
    ],
    [
      /patronictl .* switchover/,
      ({ args }) => {
        log.push(`switchover in ${args[1]}`)
        if (switchover === 'refused') return { code: 1, output: 'Error: No candidates found to switchover to' }
        if (switchover === 'done')
          leads = ['db1', 'db2', 'db3'].find((name) => name !== leads && stateOf(name) === 'streaming') ?? leads
        return 'Successfully switched over'
      },
    ],
  ])
  const compose = async (args: readonly string[]) => {
    log.push(args.slice(3).join(' '))
    if (!args.includes('--force-recreate')) return
    for (const service of services.filter((name) => args.includes(name))) {
      if (service === leads) log.push(`${service} went down as the leader`)
      containers.set(service, { id: `${service}-2`, looks: 0 })
      leads = nodes[service]?.handsOverTo ?? leads
    }
  }
  const notes: string[] = []
  const about = {
    project: 'howdah',
    docker: fake.docker,
    compose,
    note: (text: string) => notes.push(text),
    timeoutMs: 500,
    intervalMs: 1,
  }
  return { services, log, notes, about, leader: () => leads }
}
