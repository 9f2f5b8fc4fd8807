import { expect, test } from 'vitest'
import type { Stopping } from '../../../../src/clients/agent/node-data.ts'
import { nextStopAction, StopAction } from '../../../../src/operations/node-access/next-stop-action.ts'

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
  ['PostgreSQL hangs on', { patroni: true, postgres: stopping, control: 'in production' }, 300, GIVE_UP, GIVE_UP],
  ['it is hung without Patroni', { patroni: false, postgres: stopping, control: null }, 300, GIVE_UP, GIVE_UP],
  ['its last WAL is not taken', { patroni: true, postgres: stopping, control: 'shut down' }, 60, END_BOTH, END_BOTH],
  ['a replica hangs', { patroni: true, postgres: stopping, control: 'in archive recovery' }, 60, WAIT, END_BOTH],
]

test.each(rows)('where %s', (_, seen, seconds, clean, otherwise) => {
  const asked = { waitedMs: seconds * 1000, endedMs: seen.postgres === null ? seconds * 1000 : 0, patience }
  expect(nextStopAction(seen, { ...asked, clean: true })).toBe(clean)
  expect(nextStopAction(seen, { ...asked, clean: false })).toBe(otherwise)
})
