import { describe, expect, test } from 'vitest'
import type { BarmanCommands } from '../../../src/clients/barman/barman-commands.ts'
import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import type { CommandResult, ServiceCommands } from '../../../src/clients/docker/service-commands.ts'
import { classifyLogin } from '../../../src/clients/postgres/classify-login.ts'
import type { RunningProbe } from '../../../src/clients/postgres/write-probe.ts'
import { LoginRefusedError } from '../../../src/domain/cluster/login-refusal.ts'
import { UnreachableError, WaitTimeoutError } from '../../../src/domain/errors.ts'
import { readLoadTimes } from '../../../src/operations/configuration/update-configuration/settled-restart-flags.ts'
import { changePreparedLeader } from '../../../src/operations/leadership/leader-change-step.ts'
import { settleLeader } from '../../../src/operations/leadership/settle-leader.ts'
import { measureOutage } from '../../../src/operations/node-access/measure-outage.ts'
import { beginOutage, measureCutOver } from '../../../src/operations/recovery/cut-over/cut-over-outage.ts'
import { drainArchive } from '../../../src/operations/recovery/cut-over/drain-archive.ts'
import { fakeStepContext } from '../../support/fake-step-context.ts'
import { away, clusterOf, LEADER } from '../domain/builders.ts'

/** What PostgreSQL says to Howdah's role, and what must be in the warning. */
const REFUSALS: [string, { code: string; message: string; routine?: string; where?: string }, remedy: string][] = [
  ['CONNECT was revoked', { code: '42501', message: 'permission denied for database "postgres"' }, 'GRANT CONNECT'],
  ['VALID UNTIL is past', { code: '28P01', message: 'password authentication failed' }, 'howdah-settle-roles'],
  ['it has another password', { code: '28P01', message: 'password authentication failed' }, 'howdah-settle-roles'],
  ['no connection is free', { code: '53300', message: 'sorry, too many clients already' }, 'reserved_connections'],
  ['a login trigger raises', { code: 'P0001', message: 'not today' }, 'event_triggers=off'],
  [
    'it has no LOGIN',
    { code: '28000', message: 'role "howdah" is not permitted to log in' },
    'ALTER ROLE howdah LOGIN',
  ],
]

function refusedBy(said: { code: string; message: string }): LoginRefusedError {
  const refusal = classifyLogin(said, 'howdah')
  if (refusal === null) throw new Error(`${said.code} is no refusal`)
  return new LoginRefusedError('haproxy:5000', refusal)
}

const SILENT = new WaitTimeoutError('a write through haproxy:5000', 'ECONNREFUSED', 30_000)

/** A probe that measured before, and then gets nowhere; with `ready`, not before either. */
function failing(error: Error, { ready = null }: { ready?: Error | null } = {}): RunningProbe {
  const first = ready === null ? Promise.resolve() : Promise.reject(ready)
  first.catch(() => {})
  return {
    ready: first,
    untilWritable: () => Promise.reject(error),
    stop: async () => ({ seconds: 42, failedWrites: 99, writes: 1 }),
  }
}

type Socket = 'WRITES' | 'RECOVERY' | 'READ_ONLY' | 'COMMIT_HANGS' | 'AWAY'

/** What psql says on the node. */
function socket(state: () => Socket): Partial<ClusterClients> {
  const run = async (_: string, { argv }: { readonly argv: readonly string[] }): Promise<CommandResult> => {
    if (state() === 'AWAY') throw new UnreachableError('Docker db2', 'no answer')
    const asks = argv.at(-1)?.includes('pg_is_in_recovery') === true
    if (!asks && state() === 'COMMIT_HANGS') return { exitCode: 124, stdout: '', stderr: '' }
    const standing = { inRecovery: state() === 'RECOVERY', readOnly: state() === 'READ_ONLY' }
    return { exitCode: 0, stdout: asks ? JSON.stringify(standing) : '0/1000', stderr: '' }
  }
  return { services: { run } satisfies Partial<ServiceCommands> as unknown as ServiceCommands }
}

function world(probe: RunningProbe, state: Socket | (() => Socket) = 'WRITES', kept: Record<string, unknown> = {}) {
  let leader = 'db1'
  const context = fakeStepContext({
    input: { candidate: 'db2' },
    state: { from: 'db1', candidate: 'db2', ...kept },
    clients: {
      ...socket(typeof state === 'function' ? state : () => state),
      dcs: {
        read: async (key) => (key === 'leader' ? { value: leader, modRevision: '1' } : null),
        writeIf: async () => false,
        change: async () => false,
      },
      writeProbe: { start: () => probe },
      refreshNode: async () => {},
    },
    operation: { id: 'cut' },
    onTime: (elapsedMs) => {
      if (elapsedMs > 100) leader = 'db2'
    },
  })
  const switchOver = () =>
    changePreparedLeader(context, { ask: async () => ({ status: 200, text: '' }), timeoutMs: 60_000 })
  return { context, switchOver, said: () => context.messages.join('\n') }
}

const CUT_OVER = {
  cutOver: { operation: 'cut', recovery: 'r', server: 's', node: 'db2', live: '/l', copy: '/c', previous: '/p' },
}

describe.each(REFUSALS)('where Howdah may not log in because %s', (_, said, remedy) => {
  const refused = refusedBy(said)
  const named = (text: string) => {
    expect(text).toContain('was not measured')
    expect(text).toContain('role howdah')
    expect(text).toContain(said.message)
    expect(text).toContain(`SQLSTATE ${said.code}`)
    expect(text).toContain(remedy)
  }

  test('a switchover that is done has succeeded, with no downtime and a warning', async () => {
    const { switchOver, said } = world(failing(refused))
    expect(await switchOver()).toEqual({ leader: 'db2', writable: true })
    named(said())
  })

  test('nor before it: the same', async () => {
    const { switchOver, said } = world(failing(refused, { ready: refused }))
    expect(await switchOver()).toEqual({ leader: 'db2', writable: true })
    named(said())
  })

  test('the cluster settles after it', async () => {
    const { context, said } = world(failing(refused, { ready: refused }), 'WRITES', { leader: 'db2' })
    await settleLeader.run(context)
    named(said())
  })

  test('a restart of the leader is done, and keeps no downtime', async () => {
    for (const ready of [null, refused]) {
      const { context, said } = world(failing(refused, { ready }))
      expect(await measureOutage(context, async () => 'db1')).toBeNull()
      named(said())
    }
  })

  test('a cut-over goes on, with no downtime', async () => {
    const { context, said } = world(failing(refused, { ready: refused }), 'WRITES', CUT_OVER)
    await beginOutage(context)
    expect(await measureCutOver(context)).toBeNull()
    named(said())
  })
})

test('the archive is drained before a cut-over although Howdah may not log in: its leader tells over its socket', async () => {
  const refused = refusedBy({ code: '42501', message: 'permission denied for database "postgres"' })
  let pending = 2
  const run = async (): Promise<CommandResult> => {
    pending -= 1
    return { exitCode: 0, stdout: JSON.stringify({ pending, last: '000000010000000000000009' }), stderr: '' }
  }
  const barman: Partial<BarmanCommands> = {
    paths: async () => ({ base: '/b', incoming: '/b/incoming', streaming: '/b/s', errors: '/b/e', programs: null }),
    switchWal: async () => null,
  }
  const context = fakeStepContext({
    input: {},
    state: CUT_OVER,
    operation: { id: 'cut' },
    cluster: clusterOf({ nodes: [{ ...LEADER, postgres: away(), loginRefusal: refused.refusal }] }),
    clients: {
      services: { run } satisfies Partial<ServiceCommands> as unknown as ServiceCommands,
      barman: () => barman as BarmanCommands,
      refreshNode: async () => {},
      checkpoint: () => Promise.reject(refused),
    },
  })
  await drainArchive.run(context)
  expect(pending).toBe(0)
  expect(context.messages.at(-1)).toContain('No checkpoint before the cluster is stopped')
})

describe('what decides is the node that leads', () => {
  const refused = refusedBy({ code: '42501', message: 'permission denied' })

  test('also where HAProxy does not answer at all', async () => {
    const { switchOver, said } = world(failing(SILENT))
    expect(await switchOver()).toEqual({ leader: 'db2', writable: true })
    expect(said()).toContain('ECONNREFUSED')
  })

  test('also where its socket cannot be asked: HAProxy lets sessions through only to the primary', async () => {
    const { switchOver } = world(failing(refused), 'AWAY')
    expect(await switchOver()).toMatchObject({ leader: 'db2' })
  })

  test('but then not where no server has answered', async () => {
    await expect(world(failing(SILENT), 'AWAY').switchOver()).rejects.toBe(SILENT)
  })

  test('it is waited for while it is promoted', async () => {
    let looks = 0
    const { switchOver } = world(failing(refused), () => {
      looks += 1
      return looks < 5 ? 'RECOVERY' : 'WRITES'
    })
    expect(await switchOver()).toMatchObject({ leader: 'db2' })
  })

  test.each<[Socket, string]>([
    ['RECOVERY', 'db2 is in recovery'],
    ['READ_ONLY', 'default_transaction_read_only is on'],
    ['COMMIT_HANGS', 'a commit does not go through: no end within 5 s'],
  ])('a node that takes no writes fails the step: %s', async (state, why) => {
    for (const error of [refused, SILENT]) {
      await expect(world(failing(error), state).switchOver()).rejects.toThrow(`last seen: ${why}`)
    }
  })

  test('in a cut-over a node that is still in recovery fails the step', async () => {
    const { context } = world(failing(refused), 'RECOVERY', CUT_OVER)
    await expect(measureCutOver(context)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('in a cut-over a leader whose commits wait is told, and its replicas are let in', async () => {
    const { context, said } = world(failing(SILENT), 'COMMIT_HANGS', CUT_OVER)
    expect(await measureCutOver(context)).toBeNull()
    expect(said()).toContain('db2 leads, and takes no writes')
  })
})

describe('a node that does not let Howdah in says over its own socket when it read its configuration', () => {
  const LOADED = '2026-11-22T15:49:59.123Z'
  const reading = (node: (name: string) => Promise<CommandResult>) =>
    readLoadTimes(
      fakeStepContext({
        input: {},
        clients: {
          services: {
            run: (name: string) => node(name),
          } satisfies Partial<ServiceCommands> as unknown as ServiceCommands,
          readConfigurationLoadedAt: async (name) => {
            if (name === 'db2') throw refusedBy({ code: '28P01', message: 'password authentication failed' })
            return new Date('2026-11-22T15:50:00.000Z')
          },
        },
      }),
    )

  test('and that counts as if it had been asked there', async () => {
    const times = await reading(async () => ({ exitCode: 0, stdout: `${LOADED}\n`, stderr: '' }))
    expect(times).toMatchObject({ db1: '2026-11-22T15:50:00.000Z', db2: LOADED })
  })

  test.each<[string, () => Promise<CommandResult>]>([
    ['psql cannot', async () => ({ exitCode: 2, stdout: '', stderr: 'no socket' })],
    ['Docker does not answer', () => Promise.reject(new UnreachableError('Docker db2', 'no answer'))],
  ])('or is waited for where %s', async (_, node) => {
    expect(await reading(node)).not.toHaveProperty('db2')
  })
})
