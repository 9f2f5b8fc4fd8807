import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { EXIT, performPitr } from '../../../scripts/lib/perform-pitr.mjs'
import { parsePitrArguments, UsageError } from '../../../scripts/lib/pitr-arguments.mjs'
import { ApiAwayError, createPitrClient, type PitrClient } from '../../../scripts/lib/pitr-client.mjs'
import { createEventView, progressText } from '../../../scripts/lib/pitr-view.mjs'
import { READABLE_TIMES, UNREADABLE_TIMES, ZONELESS_TIMES } from '../../support/builders/timestamp-cases.ts'

const TARGET = ['--server', 'patroni', '--target-time', '2026-11-22 15:49:59+01:00']
const PLAN = {
  summary: 'Recovers patroni to 2026-11-22T14:49:59.000Z',
  steps: [{ name: 'restore', title: 'Restore the base backup', estimatedSeconds: 6 }],
  checks: [{ name: 'disk', status: 'OK', message: '9 GiB free', hint: null }],
  estimatedSeconds: 90,
  downtimeSeconds: 7.5,
  dataLoss: 'What was written since is given up.',
  confirm: 'patroni',
}
const VERDICT = {
  recoverable: true,
  backup: { backupId: '20261122T131311' },
  timeline: 3,
  walsToReplay: 12,
  bytesToReplay: 12 * 16 * 1024 ** 2,
  estimatedSeconds: 60,
  reasons: [],
}
const PROGRESS = {
  percent: 50,
  bytesDone: 512 * 1024 ** 2,
  bytesTotal: 1024 ** 3,
  bytesPerSecond: 100 * 1024 ** 2,
  etaSeconds: 5.2,
  message: null,
}
const event = (__typename: string, more = {}) => ({
  __typename,
  cursor: '1-0',
  at: 'now',
  message: __typename,
  ...more,
})

/** A run against an API that answers so; what was printed and what was asked for. */
async function run(args: readonly string[], changes: Partial<PitrClient> = {}, answer: string | null = null) {
  const submitted: Record<string, unknown>[] = []
  let out = ''
  let err = ''
  const client: PitrClient = {
    verdict: async () => ({ cluster: 'patroni', verdict: VERDICT }),
    async submit(mutation, input) {
      submitted.push({ mutation, ...input })
      return { operation: 'dryRun' in input ? null : { id: 'Operation:1' }, plan: PLAN, refusals: [] }
    },
    async *events() {
      yield event('StepProgressed', { step: 'restore', progress: PROGRESS })
      yield event('OperationSucceeded')
    },
    recovery: async () => ({
      id: 'Recovery:1',
      status: 'COMPLETED',
      restoreSeconds: 1,
      replaySeconds: 2,
      downtimeSeconds: 3,
    }),
    ...changes,
  }
  const terminal = {
    interactive: answer !== null,
    live: false,
    write(text: string) {
      out += text
    },
    complain(text: string) {
      err += text
    },
    ask: async () => answer ?? '',
    begun: () => {},
  }
  const code = await performPitr(args, terminal, async () => client)
  return { code, out, err, submitted }
}

describe('the arguments of perform_pitr.sh', () => {
  it('become a request', () => {
    const parsed = parsePitrArguments([...TARGET, '--exclusive', '--restore-method', 'get-wal', '--cut-over', 'manual'])
    expect(parsed).toMatchObject({
      target: { time: '2026-11-22 15:49:59+01:00', inclusive: false },
      restoreMethod: 'GET_WAL',
      cutOver: 'MANUAL',
    })
    expect(parsePitrArguments(['--help'])).toBeNull()
  })
  it.each([...READABLE_TIMES, ...UNREADABLE_TIMES])(
    'hand a time on as it is to the API, which reads it: %j',
    (time) => {
      expect(parsePitrArguments(['--server', 's', `--target-time=${time}`])?.target).toMatchObject({ time })
    },
  )
  it.each(ZONELESS_TIMES)('have a time with a zone: %j has none', (time) => {
    const parse = () => parsePitrArguments(['--server', 's', `--target-time=${time}`])
    expect(parse).toThrow(UsageError)
    expect(parse).toThrow('has no time zone')
  })
  it.each([
    [['--target-xid', '9'], '--server'],
    [['--server', 's'], 'exactly one'],
    [[...TARGET, '--target-lsn', '0/1'], 'exactly one'],
    [['--server', 's', '--target-time', '2026-11-22T15:49:59'], 'time zone'],
    [[...TARGET, '--restore-method', 'ftp'], 'prefetch'],
    [[...TARGET, '--rehearse', '--node', 'db1'], '--rehearse'],
    [[...TARGET, '--force'], '--force'],
  ])('are refused: %j', (args, reason) => {
    expect(() => parsePitrArguments(args)).toThrow(UsageError)
    expect(() => parsePitrArguments(args)).toThrow(reason)
  })
})

describe('perform_pitr.sh', () => {
  it('plans, begins with the confirmation and ends with 0', async () => {
    const { code, out, submitted } = await run([...TARGET, '--yes', '--node', 'db2'])
    expect(code).toBe(EXIT.DONE)
    expect(submitted).toMatchObject([
      { mutation: 'recoverCluster', dryRun: true },
      { mutation: 'recoverCluster', confirm: 'patroni', node: 'db2', cutOver: 'AUTOMATIC' },
    ])
    expect(submitted[1]).not.toHaveProperty('dryRun')
    for (const part of ['12 segments, 192.0 MiB', '7.5 s', 'given up', 'Restore the base', '50 %', 'COMPLETED']) {
      expect(out).toContain(part)
    }
  })
  it('changes nothing in a dry run, nor without a terminal to ask on, nor with another name', async () => {
    const dry = await run([...TARGET, '--dry-run'])
    expect([dry.code, dry.submitted.length]).toEqual([EXIT.DONE, 1])
    const unasked = await run(TARGET)
    expect([unasked.code, unasked.submitted.length]).toEqual([EXIT.USAGE, 0])
    const other = await run(TARGET, {}, 'other')
    expect([other.code, other.submitted.length]).toEqual([EXIT.REFUSED, 1])
    expect((await run(TARGET, {}, 'patroni')).submitted).toHaveLength(2)
  })
  it('ends with 3 before any change when it is refused', async () => {
    const verdict = { ...VERDICT, recoverable: false, reasons: ['Behind a gap; the nearest point is 15:40:00.'] }
    const behind = await run([...TARGET, '--yes'], { verdict: async () => ({ cluster: 'patroni', verdict }) })
    expect([behind.code, behind.submitted.length]).toEqual([EXIT.REFUSED, 0])
    expect(behind.err).toContain('nearest point')
    const refusals = [{ code: 'NO_SPACE', message: 'too little', remedy: 'Free some.', field: null }]
    const full = await run([...TARGET, '--yes'], { submit: async () => ({ operation: null, plan: PLAN, refusals }) })
    expect(full.code).toBe(EXIT.REFUSED)
    expect(full.err).toContain('Free some.')
  })
  it('ends with 1 when it failed, and with 4 when the API goes away', async () => {
    const failed = await run([...TARGET, '--yes'], {
      async *events() {
        yield event('OperationFailed', { error: { code: 'X', message: 'no', remedy: 'Look.' } })
      },
    })
    expect(failed.code).toBe(EXIT.FAILED)
    const away = await run([...TARGET, '--yes'], { verdict: () => Promise.reject(new ApiAwayError('gone')) })
    expect(away.code).toBe(EXIT.AWAY)
  })
  it('prints one JSON document a line with --json', async () => {
    const { out } = await run([...TARGET, '--yes', '--json'])
    const lines = out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text))
    expect(lines.map(({ type }) => type)).toEqual(['plan', 'event', 'event', 'result'])
    expect(lines.at(-1)).toMatchObject({ outcome: 'OperationSucceeded', recovery: { id: 'Recovery:1' } })
  })
})

it('a bar says how far, how fast and how long', () => {
  expect(progressText(PROGRESS)).toBe(
    '[############............]  50 %  512.0 MiB of 1.00 GiB  100.0 MiB/s  5.2 s left',
  )
  let text = ''
  const view = createEventView({
    live: true,
    write(more) {
      text += more
    },
  })
  view.show(event('StepProgressed', { step: 'restore', progress: PROGRESS }))
  expect(text.startsWith('\r\x1b[K  restore  [#')).toBe(true)
  view.line('done')
  expect(text.endsWith('\r\x1b[Kdone\n')).toBe(true)
})

it('the client goes on after the last event when its stream breaks, and says when nothing answers', async () => {
  const cursors: unknown[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      cursors.push(JSON.parse(body).variables.after)
      const next = event(cursors.length === 1 ? 'StepStarted' : 'OperationSucceeded', { cursor: `${cursors.length}-0` })
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`event: next\ndata: ${JSON.stringify({ data: { operationEvents: next } })}\n\n`, () =>
        response.destroy(),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  const client = createPitrClient({ url, token: 't' })
  const seen: string[] = []
  for await (const { __typename } of client.events('Operation:1')) seen.push(__typename)
  expect(seen).toEqual(['StepStarted', 'OperationSucceeded'])
  expect(cursors).toEqual([null, '1-0'])
  await new Promise((resolve) => server.close(resolve))
  await expect(client.recovery('Operation:1')).rejects.toThrow(ApiAwayError)
})
