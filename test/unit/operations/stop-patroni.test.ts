import { describe, expect, test } from 'vitest'
import type { Stopping } from '../../../src/clients/agent/node-data.ts'
import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import { startPatroni } from '../../../src/operations/node-access/patroni-service.ts'
import { describeStopping, stopPatroni } from '../../../src/operations/node-access/stop-patroni.ts'
import { nextStopAction, StopAction } from '../../../src/operations/node-access/stopping.ts'
import { FakeNodeData, STOPPED } from '../../support/fake-node-data.ts'
import { fakeStepContext } from '../../support/fake-step-context.ts'

const patience = { patroniMs: 60_000, idleMs: 20_000, afterPostgresMs: 10_000, cleanMs: 300_000 }
const processes = ['postgres: patroni: checkpointer']
const accepting = { accepts: true, processes }
const inCheckpoint = {
  accepts: true,
  processes: [...processes, 'postgres: patroni: postgres postgres [local] CHECKPOINT'],
}
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
  ['Patroni hangs', { patroni: true, postgres: accepting, control: 'in production' }, 20, END_PATRONI, END_PATRONI],
  [
    'a checkpoint is written first',
    { patroni: true, postgres: inCheckpoint, control: 'in production' },
    59,
    WAIT,
    WAIT,
  ],
  ['it hangs in that', { patroni: true, postgres: inCheckpoint, control: null }, 60, END_PATRONI, END_PATRONI],
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

test('a node that stops is told by what it waits for', () => {
  const walsender = 'postgres: patroni: walsender barman 10.0.0.7(44) streaming 0/5000060'
  const seen = { patroni: true, postgres: { accepts: false, processes: [walsender] }, control: 'in production' }
  expect(describeStopping(seen)).toContain('walsender barman')
  expect(describeStopping({ ...seen, postgres: { accepts: true, processes: [] } })).toContain('still takes connections')
  expect(describeStopping({ ...seen, postgres: null })).toBe('PostgreSQL has ended, Patroni has not')
  expect(describeStopping(STOPPED)).toBe('both have ended')
})

/** A node that stands as `says` says, by what was done to it, and whose every look takes ten seconds. */
function contextOf(says: (did: readonly string[]) => Stopping) {
  let nowMs = 0
  const node = new FakeNodeData()
  const did = () => node.done.filter((each) => each !== 'stop')
  const asked: unknown[] = []
  node.stops = (request) => {
    asked.push(request)
    nowMs += 10_000
    return says(node.done)
  }
  node.starts = () => (node.done.includes('end both') ? 'STARTED' : 'STOPPING')
  const services = { inspect: async () => ({ status: 'running' }) }
  const clients = { services, nodeData: () => node } as unknown as Partial<ClusterClients>
  const context = fakeStepContext<unknown>({ input: {}, clients })
  return { context: { ...context, now: () => new Date(nowMs) }, did, asked }
}

const HUNG: Stopping = {
  patroni: true,
  postgres: { accepts: false, processes: ['postgres: patroni: walsender barman'] },
  control: 'in production',
}

describe('a node that does not stop', () => {
  test('is left to Patroni where that does it', async () => {
    let looks = 0
    const { context, did, asked } = contextOf(() => (++looks < 4 ? HUNG : STOPPED))
    await stopPatroni(context, 'db1', { clean: true })
    expect(did()).toEqual([])
    // It is kept down in the name of the operation.
    expect(asked).toEqual(Array.from({ length: 4 }, () => ({ by: context.operation.id, seconds: 10 })))
  })

  test('loses a Patroni that hangs, and is asked to stop by Howdah', async () => {
    const { context, did } = contextOf((done) => {
      if (done.includes('stop PostgreSQL')) return STOPPED
      return { patroni: !done.includes('end Patroni'), postgres: accepting, control: null }
    })
    await stopPatroni(context, 'db1', { clean: true })
    expect(did()).toEqual(['end Patroni', 'stop PostgreSQL'])
    expect(context.messages.join('\n')).toContain('Patroni does not end: killed')
  })

  test('is ended where it need not end cleanly', async () => {
    const { context, did } = contextOf((done) => (done.includes('end both') ? STOPPED : HUNG))
    await stopPatroni(context, 'db1', { clean: false })
    expect(did()).toEqual(['end both'])
  })

  test('is an error that names what it waits for where it must', async () => {
    const { context, did } = contextOf(() => HUNG)
    await expect(stopPatroni(context, 'db1', { clean: true })).rejects.toMatchObject({
      code: 'POSTGRES_NOT_STOPPED',
      retryable: true,
      message: expect.stringContaining('walsender barman'),
    })
    expect(did()).toEqual([])
  })

  test('is ended before it is started again', async () => {
    const { context, did } = contextOf((done) => (done.includes('end both') ? STOPPED : HUNG))
    await startPatroni(context, 'db1')
    expect(did()).toEqual(['end both', 'start'])
  })
})
