import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresClient, type PostgresClient } from '../../../src/clients/postgres/postgres-client.ts'
import { startWriteProbe } from '../../../src/clients/postgres/write-probe.ts'
import { cureOf, LoginRefusedError } from '../../../src/domain/cluster/login-refusal.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { run } from '../../support/run.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type PostgresServer, startPrimary } from './postgres-servers.ts'

let server: PostgresServer
const clients: PostgresClient[] = []

beforeAll(async () => {
  server = await startPrimary()
  await server.sql(`CREATE ROLE howdah LOGIN PASSWORD 'right'`)
  await server.sql('GRANT pg_monitor TO howdah')
  await server.sql('GRANT CONNECT ON DATABASE postgres TO howdah')
  await server.sql('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC')
  await server.exec(
    'sh',
    '-c',
    `echo 'host all howdah all scram-sha-256' > /tmp/hba; cat /tmp/data/pg_hba.conf >> /tmp/hba; cat /tmp/hba > /tmp/data/pg_hba.conf`,
  )
  await server.sql('SELECT pg_reload_conf()')
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})
afterAll(() => server?.remove())

function connect(password = 'right') {
  const node = { name: 'db1', host: server.address, port: 5432 }
  const client = createPostgresClient({ node, user: 'howdah', password, timeoutMs: 2_000 })
  clients.push(client)
  return client
}

const probe = (password = 'right') =>
  startWriteProbe({ target: { host: server.address, port: 5432, user: 'howdah', password }, clock: systemClock })

const refusalOf = (work: Promise<unknown>): Promise<LoginRefusedError> =>
  work.then(
    () => Promise.reject(new Error('it was let in')),
    (error: unknown) => (error instanceof LoginRefusedError ? error : Promise.reject(error)),
  )

/** As the superuser who puts it right: no trigger of a login is in his way. */
const repair = (sql: string, database = 'template1') =>
  server.exec('env', 'PGOPTIONS=-c event_triggers=off', 'psql', '-qAtd', database, '-c', sql)

const TRIGGER = `CREATE FUNCTION curfew() RETURNS event_trigger LANGUAGE plpgsql AS
  $$ BEGIN IF session_user = 'howdah' THEN RAISE EXCEPTION 'not today'; END IF; END $$;
  CREATE EVENT TRIGGER curfew ON login EXECUTE FUNCTION curfew()`

describe('PostgreSQL that answers and does not let the role in', () => {
  const cases: [string, breaks: string, repairs: string | null, sqlstate: string, passing: boolean][] = [
    [
      'VALID UNTIL is past',
      `ALTER ROLE howdah VALID UNTIL '2020-01-01'`,
      `ALTER ROLE howdah VALID UNTIL 'infinity'`,
      '28P01',
      false,
    ],
    [
      'it has another password',
      `ALTER ROLE howdah PASSWORD 'other'`,
      `ALTER ROLE howdah PASSWORD 'right'`,
      '28P01',
      false,
    ],
    ['it has no LOGIN', 'ALTER ROLE howdah NOLOGIN', null, '28000', false],
    ['CONNECT was revoked', 'REVOKE CONNECT ON DATABASE postgres FROM howdah', null, '42501', false],
    ['its connections are taken', 'ALTER ROLE howdah CONNECTION LIMIT 0', null, '53300', true],
    ['those of the database are', 'ALTER DATABASE postgres CONNECTION LIMIT 0', null, '53300', true],
    ['the database takes none', 'ALTER DATABASE postgres ALLOW_CONNECTIONS false', null, '55000', false],
    [
      'a login trigger raises',
      TRIGGER,
      'DROP EVENT TRIGGER IF EXISTS curfew; DROP FUNCTION IF EXISTS curfew',
      'P0001',
      false,
    ],
  ]
  it.each(cases)(
    'because %s: is told as such, by client and probe, while an old session lives',
    async (name, breaks, repairs, sqlstate, passing) => {
      const old = connect()
      await old.readStatus()
      // A trigger belongs to its database, and that database cannot be the one whose connections are refused.
      const database = name.includes('trigger') ? 'postgres' : 'template1'
      await repair(breaks, database)
      const running = probe()
      try {
        const error = await refusalOf(connect().readStatus())
        expect(error.refusal).toMatchObject({ role: 'howdah', sqlstate, passing })
        expect(error.message).toContain(`(SQLSTATE ${sqlstate})`)
        expect((await refusalOf(old.checkLogin())).refusal.sqlstate).toBe(sqlstate)
        await old.readStatus()
        const startedAt = Date.now()
        expect((await refusalOf(running.untilWritable(1_000))).refusal.sqlstate).toBe(sqlstate)
        // What passes by itself is waited for, what does not is not.
        if (passing) expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_000)
        else expect(Date.now() - startedAt).toBeLessThan(900)
        // The remedy, as it would be pasted; this server is a container alone, without Compose.
        const { cure } = error.refusal
        if (cure.kind === 'STATEMENT' || cure.kind === 'DISABLE_LOGIN_TRIGGERS') {
          await run('sh', '-c', cureOf(error.refusal, server.name).replace('docker compose exec -T', 'docker exec -i'))
        } else if (repairs !== null) await repair(repairs, database)
        await connect().readStatus()
      } finally {
        await running.stop()
        if (repairs !== null) await repair(repairs, database)
      }
    },
  )

  it('is not what a server is that starts, or that is not there', async () => {
    const nowhere = createPostgresClient({
      node: { name: 'db9', host: '127.0.0.1', port: 1 },
      user: 'howdah',
      password: '',
      timeoutMs: 500,
    })
    clients.push(nowhere)
    await expect(nowhere.readStatus()).rejects.toThrow(UnreachableError)
    const silent = startWriteProbe({
      target: { host: '127.0.0.1', port: 1, user: 'howdah', password: '' },
      clock: systemClock,
    })
    await expect(silent.untilWritable(200)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await silent.stop()
  })
})

describe('a probe', () => {
  it('whose role is let in again writes again', async () => {
    await repair('ALTER ROLE howdah NOLOGIN')
    const running = probe()
    await refusalOf(running.ready)
    await repair('ALTER ROLE howdah LOGIN')
    await waitFor('a write', () =>
      running.untilWritable(1_000).then(
        () => true,
        () => false,
      ),
    )
    expect((await running.stop()).writes).toBeGreaterThan(0)
  })
})
