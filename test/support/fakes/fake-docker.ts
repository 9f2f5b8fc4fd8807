import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A container as the engine has it. */
export interface FakeContainer {
  readonly id: string
  name: string
  /** Docker's word: "running", "exited". */
  state: string
  readonly labels: Readonly<Record<string, string>>
  /** Seconds since 1970. */
  readonly created: number
}

export interface FakeDocker {
  /** "http://127.0.0.1:40000". */
  readonly endpoint: string
  readonly containers: FakeContainer[]
  /** What it was asked to do with which container, in order: "start c1". */
  readonly done: string[]
  /** Streams that are open now: events, followed logs and what commands say. */
  streams(): number
  /** How many pings it has answered, and how many requests it has not. */
  pings(): { readonly answered: number; readonly ignored: number }
  /** To all streams of events, as Docker does when a container has changed. */
  tell(container: FakeContainer): void
  /** From now on it takes connections and answers nothing, as a frozen daemon does; `false` lets it answer again. */
  hang(hangs: boolean): void
  close(): Promise<void>
}

/** Labels of a container that Compose has made. */
export function composeLabels(project: string, service: string): Record<string, string> {
  return {
    'com.docker.compose.project': project,
    'com.docker.compose.service': service,
    'com.docker.compose.config-hash': 'h',
    'com.docker.compose.oneoff': 'False',
  }
}

export function fakeContainer(id: string, changes: Partial<FakeContainer> = {}): FakeContainer {
  return { id, name: id, state: 'running', labels: {}, created: 1_000, ...changes }
}

/** As much of Docker's API over TCP as Howdah uses to find containers, to look at them and to read streams. */
export async function startFakeDocker(containers: FakeContainer[]): Promise<FakeDocker> {
  const sockets = new Set<Socket>()
  const eventStreams = new Set<ServerResponse>()
  const open = new Set<ServerResponse>()
  const done: string[] = []
  let hangs = false
  let answered = 0
  let ignored = 0

  const stream = (response: ServerResponse) => {
    open.add(response)
    response.once('close', () => open.delete(response))
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).flushHeaders()
  }
  const answer = (request: IncomingMessage, response: ServerResponse, body: string) => {
    const url = new URL(request.url ?? '/', 'http://docker')
    const json = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    if (url.pathname === '/_ping') {
      answered += 1
      return json(200, 'OK')
    }
    if (url.pathname === '/containers/json') return json(200, containers.filter(filterOf(url)).map(listed))
    if (url.pathname === '/events') {
      stream(response)
      eventStreams.add(response)
      response.once('close', () => eventStreams.delete(response))
      return undefined
    }
    if (/^\/exec\/.+\/start$/.test(url.pathname)) return stream(response)
    if (/^\/exec\/.+\/json$/.test(url.pathname)) return json(200, { ExitCode: null })
    const [, id, verb] = /^\/containers\/([^/]+)\/(\w+)$/.exec(url.pathname) ?? []
    const container = containers.find((each) => each.id === id || each.name === id)
    if (container === undefined) return json(404, { message: `No such container: ${id}` })
    switch (verb) {
      case 'json':
        return json(200, inspected(container))
      case 'logs':
        return url.searchParams.get('follow') === 'true' ? stream(response) : json(200, '')
      case 'exec': {
        done.push(`exec ${container.id}: ${(JSON.parse(body) as { Cmd: string[] }).Cmd.join(' ')}`)
        return container.state === 'running'
          ? json(201, { Id: `e-${container.id}` })
          : json(409, { message: `Container ${container.id} is not running` })
      }
      case 'start':
        if (container.state === 'removing') {
          return json(409, { message: 'container is marked for removal and cannot be started' })
        }
        container.state = 'running'
        break
      case 'rename':
        container.name = url.searchParams.get('name') ?? ''
        break
      case 'stop':
        container.state = 'exited'
        break
      default:
        return json(501, { message: `the fake does not know ${verb}` })
    }
    done.push(`${verb} ${container.id}`)
    response.writeHead(204).end()
    return undefined
  }

  const server = createServer((request, response) => {
    if (hangs) {
      ignored += 1
      return
    }
    let body = ''
    request.on('data', (chunk) => {
      body += String(chunk)
    })
    request.once('end', () => answer(request, response, body))
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    containers,
    done,
    streams: () => open.size,
    pings: () => ({ answered, ignored }),
    tell: ({ id, name, labels }) => {
      const event = { Type: 'container', Action: 'start', Actor: { ID: id, Attributes: { ...labels, name } } }
      for (const response of eventStreams) response.write(`${JSON.stringify(event)}\n`)
    },
    hang: (on) => {
      hangs = on
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

function filterOf(url: URL): (container: FakeContainer) => boolean {
  const filters = JSON.parse(url.searchParams.get('filters') ?? '{}') as { label?: string[]; name?: string[] }
  return ({ name, labels }) => {
    const hasLabels = (filters.label ?? []).every((label) => {
      const [key = '', value] = label.split('=')
      return value === undefined ? key in labels : labels[key] === value
    })
    const names = filters.name ?? []
    return hasLabels && (names.length === 0 || names.some((pattern) => new RegExp(pattern).test(`/${name}`)))
  }
}

function listed({ id, name, labels, state, created }: FakeContainer): object {
  return { Id: id, Names: [`/${name}`], Labels: labels, State: state, Created: created }
}

function inspected({ id, name, labels, state }: FakeContainer): object {
  return {
    Id: id,
    Name: `/${name}`,
    Image: 'sha256:1',
    RestartCount: 0,
    State: {
      Status: state,
      Running: state === 'running' || state === 'paused',
      Paused: state === 'paused',
      StartedAt: '2026-11-22T12:00:00Z',
      ExitCode: 0,
    },
    Config: { Image: 'howdah/postgres:trixie', Labels: labels },
    Mounts: [],
    NetworkSettings: { Ports: {}, Networks: {} },
  }
}
