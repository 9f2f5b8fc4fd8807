import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { docker } from '../../support/docker.ts'
import { startContainer, type TestContainer, uniqueName } from '../../support/servers/test-container.ts'

const SILENT_MS = 5_000

/** What stands in for a node: a Patroni that says what it is told to, and a PostgreSQL that says its name and then echoes. */
const NODE = `
import http.server, json, os, socketserver, sys, threading
NAME = sys.argv[1]
class Patroni(http.server.BaseHTTPRequestHandler):
    def do_OPTIONS(self):
        state = json.load(open('/tmp/state'))
        path, _, bound = self.path.partition('?lag=')
        well = state['role'] == path[1:] and not (bound and state['lag'])
        self.send_response(200 if well else 503)
        self.end_headers()
    def log_message(self, *_): pass
class Postgres(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall((NAME + '\\n').encode())
        while data := self.request.recv(100): self.request.sendall(data)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 128
if os.fork():
    Server(('', 5432), Postgres).serve_forever()
else:
    open('/tmp/patroni', 'w').write(str(os.getpid()))
    Server(('', 8008), Patroni).serve_forever()
`

export interface NodeState {
  readonly role: 'primary' | 'replica' | 'none'
  /** Whether it is beyond the bound. */
  readonly lag: boolean
}

export interface ProxiedNodes {
  tell(node: string, state: NodeState): Promise<void>
  /** What its Patroni process is sent: "STOP", "CONT". */
  signal(node: string, name: string): Promise<void>
  /** A session through a port of HAProxy's; null where it is turned away. */
  open(port: 5000 | 5001): Promise<ProxiedSession | null>
  /** HAProxy, which then knows nothing of how its nodes have been. */
  restartProxy(): Promise<void>
  remove(): Promise<void>
}

export interface ProxiedSession {
  /** The node that answers. */
  readonly node: string
  /** Whether a word still comes back. */
  isAlive(): Promise<boolean>
  close(): void
}

/** HAProxy as the stack has it, in front of nodes that stand in for its own, in a network of their own. */
export async function startProxiedNodes(
  nodes: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<ProxiedNodes> {
  const network = uniqueName('proxy')
  const containers = new Map<string, TestContainer>()
  const remove = async () => {
    for (const container of containers.values()) await container.remove()
    await docker('network', 'rm', network)
  }
  await docker('network', 'create', '--label', 'howdah.test', network)
  try {
    for (const node of nodes) {
      const options = ['--network', network, '--network-alias', node]
      const command = ['-c', NODE, node]
      containers.set(node, await startContainer({ image: 'postgres', entrypoint: 'python3', options, command }))
      await tell(containers, node, { role: 'replica', lag: false })
    }
    const file = fileURLToPath(new URL('../../../configs/haproxy.cfg', import.meta.url))
    const environment = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    const options = ['--network', network, '--volume', `${file}:/etc/haproxy/haproxy.cfg:ro`, ...environment]
    const command = ['--', '/usr/local/lib/howdah/entrypoint.sh']
    const haproxy = await startContainer({ image: 'haproxy', entrypoint: 'tini', options, command })
    containers.set('haproxy', haproxy)
    return {
      tell: (node, state) => tell(containers, node, state),
      signal: async (node, name) => {
        await containers.get(node)?.exec('sh', '-c', `kill -${name} "$(cat /tmp/patroni)"`)
      },
      open: (port) => open(haproxy.address, port),
      restartProxy: async () => void (await docker('restart', '--time', '1', haproxy.name)),
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function tell(containers: ReadonlyMap<string, TestContainer>, node: string, state: NodeState): Promise<void> {
  const text = JSON.stringify(state)
  await containers.get(node)?.exec('sh', '-c', 'echo "$0" > /tmp/state.new && mv /tmp/state.new /tmp/state', text)
}

async function open(host: string, port: number): Promise<ProxiedSession | null> {
  const socket = connect({ host, port })
  // How it ends is told by its close.
  socket.on('error', () => {})
  const node = await nextText(socket)
  if (node === null) return null
  return {
    node: node.trim(),
    isAlive: async () => {
      socket.write('word')
      return (await nextText(socket)) === 'word'
    },
    close: () => socket.destroy(),
  }
}

/** What comes next; null where the connection ends, has ended, or stays silent. */
function nextText(socket: Socket): Promise<string | null> {
  if (socket.destroyed) return Promise.resolve(null)
  return new Promise((resolve) => {
    const end = (text: string | null) => {
      clearTimeout(timer)
      socket.off('data', tell).off('close', endWithNothing)
      resolve(text)
    }
    const tell = (data: Buffer) => end(data.toString())
    const endWithNothing = () => end(null)
    const timer = setTimeout(endWithNothing, SILENT_MS)
    socket.on('data', tell).on('close', endWithNothing)
  })
}
