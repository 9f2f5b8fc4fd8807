import { describe, expect, test } from 'vitest'
import type { ClusterClients } from '../../../../src/clients/cluster-clients.ts'
import { startPatroni } from '../../../../src/operations/node-access/patroni-service.ts'
import { describeStopping, parseStopping, stopPatroni } from '../../../../src/operations/node-access/stop-patroni.ts'
import { nextStopAction, StopAction, type Stopping } from '../../../../src/operations/node-access/stopping.ts'
import { fakeStepContext } from '../../../support/fakes/fake-step-context.ts'

const patience = { patroniMs: 60_000, afterPostgresMs: 10_000, cleanMs: 300_000 }
const processes = ['postgres: patroni: checkpointer']
const accepting = { accepts: true, processes }
const stopping = { accepts: false, processes }
const { NONE, WAIT, END_PATRONI, STOP_POSTGRES, END_BOTH, GIVE_UP } = StopAction

/** A row: how it stands, seconds waited, and what is done where the end must be clean, and where it need not. */
type Row = [name: string, seen: Stopping, seconds: number, clean: StopAction, otherwise: StopAction]
const rows: Row[] = [
  ['both have ended', { patroni: false, postgres: null, control: 'shut down' }, 0, NONE, NONE],
  ['Patroni has just been asked', { patroni: true, postgres: accepting, control: 'in production' }, 0, WAIT, WAIT],
  ['PostgreSQL stops', { patroni: true, postgres: stopping, control: 'in production' }, 59, WAIT, WAIT],
  [
    'Patroni was killed',
    { patroni: false, postgres: accepting, control: 'in production' },
    0,
    STOP_POSTGRES,
    STOP_POSTGRES,
  ],
  ['and it stops', { patroni: false, postgres: stopping, control: 'in production' }, 1, WAIT, WAIT],
  ['Patroni hangs', { patroni: true, postgres: accepting, control: 'in production' }, 60, END_PATRONI, END_PATRONI],
  ['PostgreSQL has just ended', { patroni: true, postgres: null, control: 'shut down' }, 9, WAIT, WAIT],
  ['Patroni hangs after it', { patroni: true, postgres: null, control: 'shut down' }, 10, END_PATRONI, END_PATRONI],
  ['PostgreSQL hangs', { patroni: true, postgres: stopping, control: 'in production' }, 60, WAIT, END_BOTH],
  ['PostgreSQL hangs on', { patroni: true, postgres: stopping, control: 'in production' }, 300, GIVE_UP, END_BOTH],
  ['it is hung without Patroni', { patroni: false, postgres: stopping, control: null }, 300, GIVE_UP, END_BOTH],
  ['its last WAL is not taken', { patroni: true, postgres: stopping, control: 'shut down' }, 60, END_BOTH, END_BOTH],
  ['a replica hangs', { patroni: true, postgres: stopping, control: 'in archive recovery' }, 60, WAIT, END_BOTH],
]

test.each(rows)('where %s', (_, seen, seconds, clean, otherwise) => {
  const asked = { waitedMs: seconds * 1000, endedMs: seen.postgres === null ? seconds * 1000 : 0, patience }
  expect(nextStopAction(seen, { ...asked, clean: true })).toBe(clean)
  expect(nextStopAction(seen, { ...asked, clean: false })).toBe(otherwise)
})

test('what a node says of itself', () => {
  const said =
    'patroni runs\ncontrol in production\npostgres rejects\nprocess postgres: patroni: walsender barman 10.0.0.7(44) streaming 0/5000060\n'
  const seen = parseStopping(said)
  expect(seen).toEqual({
    patroni: true,
    postgres: {
      accepts: false,
      processes: ['postgres: patroni: walsender barman 10.0.0.7(44) streaming 0/5000060'],
    },
    control: 'in production',
  })
  expect(describeStopping(seen)).toContain('walsender barman')
  expect(parseStopping('patroni down\n')).toEqual({ patroni: false, postgres: null, control: null })
  // Nothing said is no word that it has ended.
  expect(parseStopping('').patroni).toBe(true)
})

/** A node that answers what `says` says, whose every look takes ten seconds. */
function contextOf(says: (did: readonly string[]) => string) {
  const did: string[] = []
  let nowMs = 0
  const services = {
    inspect: async () => ({ status: 'running' }),
    async run(_: string, { argv }: { argv: readonly string[] }) {
      const script = argv[2] ?? ''
      const answer = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' })
      if (script.includes('sv -w')) {
        nowMs += 10_000
        return answer(says(did))
      }
      if (script.includes('sv up')) {
        if (!did.includes('kill PostgreSQL')) return answer('stopping\n')
        did.push('start')
      }
      if (script.includes('sv kill')) did.push('kill Patroni')
      if (script.includes('kill -KILL')) did.push('kill PostgreSQL')
      if (script.includes('kill -INT')) did.push('stop PostgreSQL')
      return answer('')
    },
  }
  const context = fakeStepContext<unknown>({ input: {}, clients: { services } as unknown as Partial<ClusterClients> })
  return { context: { ...context, now: () => new Date(nowMs) }, did }
}

const ENDED = 'patroni down\ncontrol shut down\n'
const HUNG = 'patroni runs\ncontrol in production\npostgres rejects\nprocess postgres: patroni: walsender barman\n'

describe('a node that does not stop', () => {
  test('is left to Patroni where that does it', async () => {
    let looks = 0
    const { context, did } = contextOf(() => (++looks < 4 ? HUNG : ENDED))
    await stopPatroni(context, 'db1', { clean: true })
    expect(did).toEqual([])
  })

  test('loses a Patroni that hangs, and is asked to stop by Howdah', async () => {
    const { context, did } = contextOf((done) => {
      if (done.includes('stop PostgreSQL')) return ENDED
      return `patroni ${done.includes('kill Patroni') ? 'down' : 'runs'}\npostgres accepts\n`
    })
    await stopPatroni(context, 'db1', { clean: true })
    expect(did).toEqual(['kill Patroni', 'stop PostgreSQL'])
    expect(context.messages.join('\n')).toContain('Patroni does not end: killed')
  })

  test('is ended where it need not end cleanly', async () => {
    const { context, did } = contextOf((done) => (done.includes('kill PostgreSQL') ? ENDED : HUNG))
    await stopPatroni(context, 'db1', { clean: false })
    expect(did).toEqual(['kill Patroni', 'kill PostgreSQL'])
  })

  test('is an error that names what it waits for where it must', async () => {
    const { context, did } = contextOf(() => HUNG)
    await expect(stopPatroni(context, 'db1', { clean: true })).rejects.toMatchObject({
      code: 'POSTGRES_NOT_STOPPED',
      retryable: true,
      message: expect.stringContaining('walsender barman'),
    })
    expect(did).toEqual([])
  })

  test('is ended before it is started again', async () => {
    const { context, did } = contextOf((done) => (done.includes('kill PostgreSQL') ? ENDED : HUNG))
    await startPatroni(context, 'db1')
    expect(did).toEqual(['kill Patroni', 'kill PostgreSQL', 'start'])
  })
})
