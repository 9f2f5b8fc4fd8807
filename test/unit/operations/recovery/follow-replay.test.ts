import { describe, expect, test } from 'vitest'
import type { CopyStatus, ReplayRequest, ReplayWants } from '../../../../src/clients/agent/recovered-copy.ts'
import { RestoreMethod } from '../../../../src/domain/recovery/recovery.ts'
import { formatLsn, parseLsn } from '../../../../src/domain/wal/lsn.ts'
import { followReplay, type Replay } from '../../../../src/operations/recovery/follow-replay.ts'
import { TablespaceMisplacedError } from '../../../../src/operations/recovery/recovery-errors.ts'
import { FakeRecoveredCopy } from '../../../support/fakes/fake-recovered-copy.ts'
import { fakeStepContext } from '../../../support/fakes/fake-step-context.ts'

const REQUEST: ReplayRequest = {
  server: 'patroni',
  target: { kind: 'END', timeline: 'latest' },
  timeline: 1,
  restoreMethod: RestoreMethod.PREFETCH,
}
const replaying = (segment: number): Partial<CopyStatus> => ({
  state: 'REPLAYING',
  lsn: formatLsn(BigInt(segment) << 24n),
})
const TABLESPACE = { oid: 16387, location: '/mnt/fast' }
const wants = (given: Partial<ReplayWants>): ReplayWants => ({ settings: {}, tablespace: null, ...given })
const CONNECTIONS = wants({ settings: { max_connections: 600, max_wal_senders: 40 } })
const PAUSED: Partial<CopyStatus> = { state: 'PAUSED', lsn: '0/9000000' }

/** A replay of a copy that is seen so in turn. */
function replayOf(looks: readonly Partial<CopyStatus>[], given: Partial<Replay> = {}) {
  const copy = new FakeRecoveredCopy(...looks)
  const allowed: string[] = []
  const context = fakeStepContext<unknown>({ input: {}, clients: {} })
  const replay: Replay = {
    service: 'db2',
    copy,
    request: REQUEST,
    range: { from: null, to: null },
    allows: ({ location }) => void allowed.push(location),
    ...given,
  }
  return {
    copy,
    allowed,
    messages: context.messages,
    elapsedMs: () => context.now().getTime(),
    run: () => followReplay(context, replay),
  }
}

describe('what the WAL asks for and the copy does not have', () => {
  test('is no target where PostgreSQL pauses for it: it is started again with it', async () => {
    const { copy, messages, run } = replayOf([
      replaying(3),
      { ...PAUSED, wants: CONNECTIONS },
      { state: 'STARTING' },
      PAUSED,
    ])
    expect(await run()).toMatchObject({ state: 'PAUSED', wants: wants({}) })
    expect(copy.done).toEqual(['stop'])
    expect(copy.replays).toEqual([REQUEST, REQUEST])
    expect(messages).toEqual(['The WAL asks for max_connections = 600, max_wal_senders = 40: starting again with it'])
  })

  test('is no failure where PostgreSQL ends for it', async () => {
    const { copy, run } = replayOf([{ state: 'STOPPED', wants: CONNECTIONS, lastLines: ['FATAL:  no'] }, PAUSED])
    expect(await run()).toMatchObject({ state: 'PAUSED' })
    expect(copy.replays).toHaveLength(2)
  })

  test('may be a place for a tablespace, which is made before it is started again', async () => {
    const stopped = { state: 'STOPPED', wants: wants({ tablespace: TABLESPACE }) } as const
    const { copy, allowed, messages, run } = replayOf([replaying(3), stopped, PAUSED])
    await run()
    expect(allowed).toEqual(['/mnt/fast'])
    expect(copy.done).toEqual(['prepare /mnt/fast', 'stop'])
    expect(messages).toEqual(['The WAL asks for a place for the tablespace in /mnt/fast: starting again with it'])
  })

  test('is asked for one after the other, and given each time', async () => {
    const looks = [wants({ tablespace: TABLESPACE }), CONNECTIONS, wants({ settings: { max_connections: 900 } })]
    const { copy, run } = replayOf([...looks.map((each) => ({ state: 'STOPPED' as const, wants: each })), PAUSED])
    await run()
    expect(copy.replays).toHaveLength(4)
  })

  test('is refused where a tablespace cannot be had there', async () => {
    const stopped = { state: 'STOPPED', wants: wants({ tablespace: TABLESPACE }) } as const
    const { copy, run } = replayOf([stopped], {
      allows: ({ oid }) => {
        throw new TablespaceMisplacedError(String(oid), 'it lies elsewhere')
      },
    })
    await expect(run()).rejects.toMatchObject({ code: 'TABLESPACE_MISPLACED' })
    expect(copy.done).toEqual([])
    expect(copy.replays).toHaveLength(1)
  })

  test.each(['PAUSED', 'STOPPED'] as const)('and asks for again and again, %s, ends the replay', async (state) => {
    const { copy, run, elapsedMs } = replayOf([{ state, wants: CONNECTIONS, lastLines: ['FATAL:  no'] }])
    await expect(run()).rejects.toMatchObject({ code: 'REPLAY_FAILED', lastLines: ['FATAL:  no'] })
    expect(copy.replays).toHaveLength(50)
    expect(elapsedMs()).toBeLessThan(60_000)
  })
})

describe('a replay', () => {
  test('sees to it that WAL is fetched for as long as it goes on', async () => {
    // One look each 300 ms, for half a minute.
    const { copy, run } = replayOf([...Array.from({ length: 100 }, (_, index) => replaying(index)), PAUSED])
    const fetched: unknown[] = []
    copy.keepFetching = async (request?: unknown) => void fetched.push(request)
    await run()
    expect(fetched).toHaveLength(5)
    expect(fetched[0]).toEqual(REQUEST)
  })

  test('whose first look finds it at its target is followed no further', async () => {
    const { copy, run, elapsedMs } = replayOf([PAUSED])
    expect(await run()).toMatchObject(PAUSED)
    expect(elapsedMs()).toBe(0)
    expect(copy.done).toEqual([])
  })

  test('is given up where it stands, also when it only starts', async () => {
    const { run } = replayOf([{ state: 'STARTING' }])
    await expect(run()).rejects.toMatchObject({ code: 'TIMEOUT', lastSeen: 'STARTING' })
  })

  test('tells how far it has come, as a part of its range', async () => {
    const reports: unknown[] = []
    const copy = new FakeRecoveredCopy(replaying(3), PAUSED)
    const context = {
      ...fakeStepContext<unknown>({ input: {}, clients: {} }),
      progress: (report: unknown) => void reports.push(report),
    }
    const range = { from: parseLsn('0/1000000'), to: parseLsn('0/5000000') }
    await followReplay(context, { service: 'db2', copy, request: REQUEST, range, allows: () => {} })
    expect(reports).toEqual([{ bytesDone: 2 * 2 ** 24, bytesTotal: 4 * 2 ** 24, message: 'replayed to LSN 0/3000000' }])
  })
})

describe('where the disk is full', () => {
  const stuck = new Error("howdah-run: [Errno 28] No space left on device: 'run/runs'")

  test('that is what it ends with, whatever could not be written', async () => {
    const { copy, run } = replayOf([PAUSED])
    copy.freeBytes = 0
    copy.startReplay = () => Promise.reject(stuck)
    await expect(run()).rejects.toMatchObject({ code: 'DISK_FULL', freeBytes: 0 })
  })

  test.each<[string, (copy: FakeRecoveredCopy) => void]>([
    ['there is room', () => {}],
    ['the room cannot be asked for', (copy) => Object.assign(copy, { space: () => Promise.reject(new Error('away')) })],
  ])('but not where %s', async (_, given) => {
    const { copy, run } = replayOf([PAUSED])
    copy.startReplay = () => Promise.reject(stuck)
    given(copy)
    await expect(run()).rejects.toBe(stuck)
  })
})
