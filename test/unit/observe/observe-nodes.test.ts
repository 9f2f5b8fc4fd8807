import { afterEach, expect, test } from 'vitest'
import type { PatroniClient } from '../../../src/clients/patroni/patroni-client.ts'
import type { PostgresClient } from '../../../src/clients/postgres/postgres-client.ts'
import { type LoginRefusal, LoginRefusedError } from '../../../src/domain/cluster/login-refusal.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { observeNode } from '../../../src/observe/observe-nodes.ts'
import { createSnapshotStore } from '../../../src/observe/snapshot-store.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { patroniStatus, postgresStatus } from '../../support/builders/cluster.ts'
import { layout } from '../../support/builders/layout.ts'

const refusal: LoginRefusal = {
  role: 'howdah',
  sqlstate: '28000',
  reason: 'role "howdah" is not permitted to log in',
  cure: { kind: 'ADVICE', text: '' },
  passing: false,
}
const refused = () => Promise.reject(new LoginRefusedError('PostgreSQL db1', refusal))

const WORK_MEM = { name: 'work_mem', type: 'integer', unit: 'kB', least: 64, most: 2_147_483_647, values: [] } as const

let stop = async () => {}
afterEach(() => stop())

function observed(logins: { session: boolean; again: boolean | null }, server = { version: '17.1' }) {
  const [node] = layout.nodes
  if (node === undefined) throw new Error('the layout has no node')
  const store = createSnapshotStore({ layout, clock: systemClock })
  let tries = 0
  let parametersRead = 0
  const source = observeNode({
    node,
    store,
    patroni: { status: async () => patroniStatus() } satisfies Partial<PatroniClient> as unknown as PatroniClient,
    postgres: {
      readStatus: async () => (logins.session ? postgresStatus(server) : refused()),
      readParameters: async () => {
        parametersRead += 1
        return new Map([['work_mem', WORK_MEM]])
      },
      checkLogin: async () => {
        tries += 1
        if (logins.again === null) throw new UnreachableError('PostgreSQL db1', 'no answer')
        if (!logins.again) await refused()
      },
      close: async () => {},
    } satisfies Partial<PostgresClient> as unknown as PostgresClient,
    clock: systemClock,
    patroniIntervalMs: 60_000,
    postgresIntervalMs: 60_000,
    databaseSizeIntervalMs: 60_000,
    loginIntervalMs: 0,
  })
  stop = () => source.stop()
  source.start()
  const look = async () => {
    await source.now()
    return store.current().nodes[0]
  }
  return { look, tries: () => tries, parametersRead: () => parametersRead }
}

test('a role that could not log in any more is noticed while its session lives, and that it can again', async () => {
  const logins = { session: true, again: false as boolean | null }
  const { look } = observed(logins)
  expect(await look()).toMatchObject({ postgres: { error: null }, loginRefusal: refusal })
  // No answer says nothing new.
  logins.again = null
  expect(await look()).toMatchObject({ loginRefusal: refusal })
  logins.again = true
  expect(await look()).toMatchObject({ postgres: { error: null }, loginRefusal: null })
})

test('a role that is not let in is told as such, and nothing else is asked', async () => {
  const { look, tries } = observed({ session: false, again: false })
  const node = await look()
  expect(node).toMatchObject({ loginRefusal: refusal })
  expect(node?.postgres.error).toContain('does not let role howdah log in')
  expect(tries()).toBe(0)
})

test('what its PostgreSQL knows of parameters is read once, and again of another version', async () => {
  const server = { version: '17.1' }
  const { look, parametersRead } = observed({ session: true, again: true }, server)
  for (const _ of [1, 2]) {
    expect((await look())?.postgres.value?.parameters).toEqual(new Map([['work_mem', WORK_MEM]]))
    expect(parametersRead()).toBe(1)
  }
  server.version = '18.0'
  await look()
  expect(parametersRead()).toBe(2)
})
