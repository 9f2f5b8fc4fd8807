import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { createHostSockets } from '../../../src/clients/host/host-sockets.ts'

it('a port is there while something listens on it, and not after that', async () => {
  const { listening } = createHostSockets({ directory: '/proc/self/net' })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  expect(await listening()).toContainEqual({ address: '127.0.0.1', port })
  server.close()
  await once(server, 'close')
  expect(await listening()).not.toContainEqual({ address: '127.0.0.1', port })
})

it('a folder without such a table is told with what to do', async () => {
  const missing = createHostSockets({ directory: '/nowhere' }).listening()
  await expect(missing).rejects.toMatchObject({ code: 'UNREACHABLE', remedy: /hostSockets/ })
})
