import { afterEach, expect, it } from 'vitest'
import { createBarmanReader } from '../../../../src/clients/barman/barman-reader.ts'
import type { OpenSsh, SshHandlers } from '../../../../src/clients/barman/ssh-session.ts'
import { UnexpectedAnswerError, UnreachableError } from '../../../../src/domain/errors.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import { waitFor } from '../../../support/wait-for.ts'

const destination = {
  host: 'barman',
  port: 22,
  hostKeyAlias: 'barman',
  user: 'barman',
  keyFile: '',
  knownHostsFile: '',
}
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

interface Request {
  readonly id: number
  readonly op: string
}

/** A reader whose other end is this test. */
function connect(answer: (request: Request) => unknown) {
  const told: string[] = []
  const sessions: SshHandlers[] = []
  const open: OpenSsh = (_, reader) => {
    let ended = false
    const onEnd = (reason: string) => {
      if (!ended) reader.onEnd(reason)
      ended = true
    }
    const handlers: SshHandlers = { ...reader, onEnd }
    sessions.push(handlers)
    return {
      send: (line) => {
        const request: Request = JSON.parse(line)
        const result = request.op === 'watch' ? { ok: true, result: { watching: ['patroni'] } } : answer(request)
        if (result !== null)
          queueMicrotask(() => handlers.onLine(JSON.stringify({ id: request.id, ...Object(result) })))
      },
      kill: () => queueMicrotask(() => onEnd('killed')),
    }
  }
  const reader = createBarmanReader({ server: 'patroni', destination, clock: systemClock, open, timeoutMs: 100 })
  reader.start({
    onConnected: () => told.push('connected'),
    onLost: (reason) => told.push(`lost: ${reason}`),
    onEvent: ({ event, server }) => told.push(`${event} of ${server}`),
  })
  stops.push(() => reader.stop())
  return { reader, told, sessions }
}

const DISK = { usedBytes: 1, freeBytes: 2, totalBytes: 3 }

it('answers each request with its own answer and passes on what is pushed', async () => {
  const { reader, told, sessions } = connect(() => ({ ok: true, result: DISK }))
  expect(await reader.disk()).toEqual(DISK)
  sessions[0]?.onLine('{"event":"catalogue","server":"patroni","size":10,"inode":1}')
  sessions[0]?.onLine('{"event":"catalogue","server":"another","size":10,"inode":1}')
  sessions[0]?.onLine('a banner')
  expect(told).toEqual(['connected', 'catalogue of patroni'])
})

it('rejects what was waiting when the session dies, and comes back by itself', async () => {
  const { reader, told, sessions } = connect(() => null)
  const waiting = reader.directories()
  sessions[0]?.onEnd('Connection refused')
  await expect(waiting).rejects.toThrow(UnreachableError)
  await expect(reader.disk()).rejects.toThrow(/Connection refused/)
  await waitFor('a second session', () => sessions.length === 2)
  await waitFor('contact', () => told.at(-1) === 'connected')
  expect(told).toEqual(['lost: Connection refused', 'connected'])
})

it('gives up on an answer that does not come, and ignores it when it comes late', async () => {
  const { reader, sessions } = connect(() => null)
  await expect(reader.disk()).rejects.toThrow(/no answer within 100 ms/)
  sessions[0]?.onLine('{"id":2,"ok":true,"result":{}}')
})

it('rejects with what the reader says is wrong, and with what does not fit', async () => {
  const refused = connect(() => ({ ok: false, error: 'only reading is allowed here' }))
  await expect(refused.reader.barman(['backup', 'patroni'])).rejects.toThrow(/only reading is allowed here/)
  const strange = connect(() => ({ ok: true, result: { usedBytes: 'much' } }))
  await expect(strange.reader.disk()).rejects.toThrow(UnexpectedAnswerError)
})

it("gives Barman's output although it ends with 1, and its complaint when there is none", async () => {
  const failedCheck = connect(() => ({ ok: true, result: { exitCode: 1, stdout: '{"patroni":{}}', stderr: '' } }))
  expect(await failedCheck.reader.barman(['check', 'patroni'])).toBe('{"patroni":{}}')
  const broken = connect(() => ({ ok: true, result: { exitCode: 1, stdout: '', stderr: 'no configuration' } }))
  await expect(broken.reader.barman(['check', 'patroni'])).rejects.toThrow(/no configuration/)
})
