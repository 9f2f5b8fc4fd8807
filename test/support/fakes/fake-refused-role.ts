import { expect } from 'vitest'
import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import type { CommandResult, ServiceCommands } from '../../../src/clients/docker/service-commands.ts'
import { classifyLogin } from '../../../src/clients/postgres/classify-login.ts'
import type { RunningProbe } from '../../../src/clients/postgres/write-probe.ts'
import { LoginRefusedError } from '../../../src/domain/cluster/login-refusal.ts'
import { UnreachableError, WaitTimeoutError } from '../../../src/domain/errors.ts'
import { fakeStepContext } from './fake-step-context.ts'

/** What PostgreSQL says to Howdah's role, and what must be in the warning. */
export const REFUSALS: [string, { code: string; message: string; routine?: string; where?: string }, remedy: string][] =
  [
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

export function refusedBy(said: { code: string; message: string }): LoginRefusedError {
  const refusal = classifyLogin(said, 'howdah')
  if (refusal === null) throw new Error(`${said.code} is no refusal`)
  return new LoginRefusedError('haproxy:5000', refusal)
}

/** HAProxy does not answer at all. */
export const SILENT = new WaitTimeoutError('a write through haproxy:5000', 'ECONNREFUSED', 30_000)

/** A probe that measured before, and then gets nowhere; with `ready`, not before either. */
export function failing(error: Error, { ready = null }: { ready?: Error | null } = {}): RunningProbe {
  const first = ready === null ? Promise.resolve() : Promise.reject(ready)
  first.catch(() => {})
  return {
    ready: first,
    untilWritable: () => Promise.reject(error),
    stop: async () => ({ seconds: 42, failedWrites: 99, writes: 1 }),
  }
}

export type Socket = 'WRITES' | 'RECOVERY' | 'READ_ONLY' | 'COMMIT_HANGS' | 'AWAY'

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

/** A step beside such a probe, on a node whose socket says so; db2 leads after a moment. */
export function refusedContext(
  probe: RunningProbe,
  state: Socket | (() => Socket) = 'WRITES',
  kept: Record<string, unknown> = {},
) {
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
  return { context, said: () => context.messages.join('\n') }
}

/** What a cut-over has kept. */
export const CUT_OVER = {
  cutOver: { operation: 'cut', recovery: 'r', server: 's', node: 'db2', live: '/l', copy: '/c', previous: '/p' },
}

/** That a warning says whom PostgreSQL does not let in, why, and what to do. */
export function expectWarning(text: string, refusal: { code: string; message: string }, remedy: string): void {
  expect(text).toContain('was not measured')
  expect(text).toContain('role howdah')
  expect(text).toContain(refusal.message)
  expect(text).toContain(`SQLSTATE ${refusal.code}`)
  expect(text).toContain(remedy)
}
