import { createServer, type Server } from 'node:http'

/** A node's REST API as far as the observer asks for it; it can be made to hang. */
export interface FakePatroni {
  readonly apiUrl: string
  status: Record<string, unknown>
  frozen: boolean
  close(): Promise<void>
}

/** `GET /cluster` fails, as it does in every node while etcd has no quorum. */
export async function startFakePatroni(role: 'primary' | 'replica'): Promise<FakePatroni> {
  const server: Server = createServer((request, response) => {
    if (fake.frozen) return
    response.writeHead(request.url === '/cluster' ? 503 : 200, { 'content-type': 'application/json' })
    response.end(request.url === '/patroni' ? JSON.stringify(fake.status) : '{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const fake: FakePatroni = {
    apiUrl: `http://127.0.0.1:${address.port}`,
    status: { state: 'running', role, timeline: 3, server_version: 170011, patroni: { version: '4.0.7' } },
    frozen: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return fake
}
