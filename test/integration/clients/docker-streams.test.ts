import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDetachedRuns } from '../../../src/clients/agent/detached-runs.ts'
import { createDockerClient } from '../../../src/clients/docker/docker-client.ts'
import { createDockerExec, type DockerExec } from '../../../src/clients/docker/docker-exec.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { type FakeDocker, fakeContainer, startFakeDocker } from '../../support/fakes/fake-docker.ts'
import { waitFor } from '../../support/wait-for.ts'

/** As long as in the stack, but for its seconds. */
const SIGNS = { everyMs: 150, misses: 3 }
const NEVER = new AbortController().signal
const ALL = { tail: null, since: null }

/** A way to the engine that can be cut as by a host that loses its power: nothing is closed, nothing gets through. */
async function startWire(to: number) {
  const sockets = new Set<Socket>()
  let cut = false
  const server: Server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (!cut) into.write(chunk)
      })
      from.on('error', () => {})
      from.once('close', () => {
        sockets.delete(from)
        if (!cut) into.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: (on: boolean) => {
      cut = on
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

let engine: FakeDocker
let wire: Awaited<ReturnType<typeof startWire>>
beforeEach(async () => {
  engine = await startFakeDocker([fakeContainer('c1')])
  wire = await startWire(Number(new URL(engine.endpoint).port))
})
afterEach(async () => {
  await wire.close()
  await engine.close()
})

type Wait = (endpoint: string) => Promise<unknown>
const STREAMS: [string, Wait][] = [
  [
    'events',
    (endpoint) =>
      createDockerClient({ endpoint, signs: SIGNS }).watch({ onOpen: () => {}, onChange: () => {}, signal: NEVER }),
  ],
  [
    'a followed log',
    async (endpoint) => {
      for await (const _ of createDockerClient({ endpoint, signs: SIGNS }).followLogs('c1', ALL, NEVER));
    },
  ],
  [
    'what a command says',
    (endpoint) =>
      createDockerExec({ endpoint, signs: SIGNS }).run({ container: 'c1', argv: ['sleep'], timeoutMs: null }),
  ],
]

describe.each(STREAMS)('%s', (_, wait) => {
  it('end when the way to the engine is lost without a word', async () => {
    const waiting = expect(wait(wire.endpoint)).rejects.toThrow(/no sign of life/)
    await waitFor('the stream', () => engine.streams() === 1)
    wire.cut(true)
    await waiting
  })

  it('end when the engine is frozen', async () => {
    const waiting = expect(wait(engine.endpoint)).rejects.toThrow(UnreachableError)
    await waitFor('the stream', () => engine.streams() === 1)
    engine.hang(true)
    await waiting
  })

  it('live on while they are silent, and when the engine has been slow for a moment', async () => {
    let ended = false
    const waiting = wait(engine.endpoint).then(
      () => {},
      () => {
        ended = true
      },
    )
    await waitFor('the stream', () => engine.streams() === 1)
    engine.hang(true)
    await waitFor('a question without an answer', () => engine.pings().ignored > 0, { intervalMs: 10 })
    engine.hang(false)
    await waitFor('many turns of silence', () => engine.pings().answered > SIGNS.misses * 4)
    expect([ended, engine.streams()]).toEqual([false, 1])
    await engine.close()
    await waiting
    engine = await startFakeDocker([])
  })
})

describe('a detached run', () => {
  it('is followed on from where it was, once the engine answers again', async () => {
    const answers = ['{"state":"RUNNING","exitCode":null,"outputBytes":0,"backupId":null}']
    const followed: string[] = []
    const real = createDockerExec({ endpoint: engine.endpoint, signs: SIGNS })
    const docker: DockerExec = {
      run: (request) => {
        const [, verb, , offset] = request.argv
        if (verb !== 'follow') return Promise.resolve({ exitCode: 0, stdout: answers[0] ?? '', stderr: '' })
        followed.push(offset ?? '')
        if (followed.length > 1) return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' })
        request.onLine?.('first', 'stdout')
        return real.run(request)
      },
    }
    const runs = createDetachedRuns({ docker, container: 'c1', user: 'barman', clock: systemClock })
    const following = runs.follow('r1', 0, () => {}, NEVER)
    await waitFor('the stream', () => engine.streams() === 1)
    engine.hang(true)
    await following
    expect(followed).toEqual(['0', '6'])
  })
})

describe('a process that is stopped as a whole', () => {
  /** Streams logs for ever and answers all else at once, until it is stopped. */
  const SERVER = `
    const server = require('node:http').createServer((request, response) => {
      response.writeHead(200)
      if (request.url.includes('/logs')) response.flushHeaders()
      else response.end('OK')
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))`
  let child: ChildProcess
  afterEach(() => child.kill('SIGKILL'))

  it('keeps no stream open', async () => {
    child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [port] = (await once(child.stdout ?? process.stdin, 'data')) as [Buffer]
    const endpoint = `http://127.0.0.1:${Number(String(port))}`
    const client = createDockerClient({ endpoint, signs: SIGNS })
    const reading = client.followLogs('c1', ALL, NEVER)[Symbol.asyncIterator]().next()
    const ended = expect(reading).rejects.toThrow(/no sign of life/)
    await systemClock.sleep(SIGNS.everyMs * 2)
    child.kill('SIGSTOP')
    await ended
  })
})
