import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RecoveredServer, startRecoveredServer } from './recovered-server.ts'

const NOT_CHECKED = 'pg_amcheck: not checked'
const WITHOUT = 'pg_amcheck: databases without it'
const CHANGED = 'pg_amcheck: changed collations'

/** What a database's page with this file begins at, damaged after its header, while the server does not run. */
const damagePage = (file: string) => `dd if=/dev/urandom of=${file} bs=1 seek=8000 count=64 conv=notrunc 2> /dev/null`

const server = {} as { checked: RecoveredServer; plain: RecoveredServer }

/** A database with the extension, and in it a table `words` with an index. */
async function database(at: RecoveredServer, name: string, options = ''): Promise<void> {
  await at.sql(`CREATE DATABASE ${name} ${options}`)
  await at.sql('CREATE EXTENSION IF NOT EXISTS amcheck', name)
  await at.sql(`CREATE TABLE words AS SELECT 'word ' || n AS word FROM generate_series(1, 500) AS n`, name)
  await at.sql('CREATE INDEX words_by_word ON words (word)', name)
}

beforeAll(async () => {
  server.checked = await startRecoveredServer(['-k'])
  server.plain = await startRecoveredServer()
  for (const each of Object.values(server)) {
    for (const name of ['postgres', 'template1']) await each.sql('CREATE EXTENSION amcheck', name)
    await each.sql('CREATE ROLE rehearsal LOGIN BYPASSRLS; GRANT pg_read_all_data TO rehearsal')
  }
}, 120_000)
afterAll(async () => {
  await Promise.all(Object.values(server).map((each) => each.remove()))
})

describe('what the tools say of a sound copy', () => {
  test('is that it is sound, by every check', async () => {
    const checks = await server.checked.verify()
    expect(Object.fromEntries(Object.values(checks).map(({ name, status }) => [name, status]))).toEqual({
      checksums: 'OK',
      pg_amcheck: 'OK',
      collations: 'OK',
      readers: 'OK',
    })
  })

  interface Case {
    readonly set: (at: RecoveredServer) => Promise<unknown>
    readonly undo: (at: RecoveredServer) => Promise<unknown>
    /** Each check that is not OK, with words of its message and of its hint. */
    readonly found: Readonly<Record<string, [status: string, ...words: string[]]>>
  }
  const drop = (name: string) => (at: RecoveredServer) => at.sql(`DROP DATABASE ${name} WITH (FORCE)`)
  const icu = `LOCALE_PROVIDER icu ICU_LOCALE 'en' TEMPLATE template0`
  const cases: [string, Case][] = [
    [
      'a collation version of the database that is not the library’s',
      {
        set: async (at) => {
          await database(at, 'older', icu)
          await at.sql(`UPDATE pg_database SET datcollversion = '1.0' WHERE datname = 'older'`)
        },
        undo: drop('older'),
        found: {
          collations: [
            'WARNING',
            'database older',
            'REINDEX DATABASE older; ALTER DATABASE older REFRESH COLLATION VERSION;',
          ],
        },
      },
    ],
    [
      'a collation of a column that is not the library’s',
      {
        set: async (at) => {
          await database(at, 'older')
          await at.sql(`CREATE COLLATION german (provider = icu, locale = 'de')`, 'older')
          await at.sql('CREATE TABLE names (name text COLLATE german PRIMARY KEY)', 'older')
          await at.sql(`UPDATE pg_collation SET collversion = '1.0' WHERE collname = 'german'`, 'older')
        },
        undo: drop('older'),
        found: { collations: ['WARNING', 'collation public.german', 'ALTER COLLATION public.german REFRESH VERSION;'] },
      },
    ],
    [
      'an old collation that nothing is ordered by',
      {
        set: (at) => at.sql(`UPDATE pg_collation SET collversion = '1.0' WHERE collname = 'de-x-icu'`),
        undo: (at) => at.sql(`ALTER COLLATION "de-x-icu" REFRESH VERSION`),
        found: {},
      },
    ],
    [
      'timeouts of the cluster, of the role and of the database',
      {
        set: async (at) => {
          await database(at, 'hasty')
          await at.sql(`ALTER SYSTEM SET statement_timeout = '1ms'`)
          await at.sql(`ALTER SYSTEM SET transaction_timeout = '100ms'`)
          await at.sql(`ALTER ROLE postgres SET lock_timeout = '1ms'`)
          await at.sql(`ALTER DATABASE hasty SET statement_timeout = '1ms'`)
          await at.restart()
        },
        undo: async (at) => {
          await at.shell('sed -i /timeout/d postgresql.auto.conf')
          await at.restart()
          await at.sql('ALTER ROLE postgres RESET lock_timeout')
          await drop('hasty')(at)
        },
        found: {},
      },
    ],
    [
      'notices, debug messages, and a date style and a language of its own',
      {
        set: async (at) => {
          await database(at, 'talkative')
          for (const set of [`client_min_messages = 'debug1'`, `datestyle = 'German, DMY'`, `lc_messages = 'C.UTF-8'`])
            await at.sql(`ALTER DATABASE talkative SET ${set}`)
          await at.sql('CREATE UNLOGGED TABLE fleeting AS SELECT 1 AS n', 'talkative')
        },
        undo: drop('talkative'),
        found: {},
      },
    ],
    [
      'a lock that another session holds',
      {
        set: async (at) => {
          await at.sql('CREATE TABLE held (n int PRIMARY KEY)')
          await at.hold('LOCK TABLE held', 60)
        },
        undo: async (at) => {
          await at.sql(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)
          await at.sql('DROP TABLE held')
        },
        found: {
          [NOT_CHECKED]: ['UNKNOWN', 'not checked: ', 'postgres.public.held (canceling statement due to lock timeout)'],
        },
      },
    ],
    [
      'a database without the extension',
      {
        set: (at) => at.sql('CREATE DATABASE restored TEMPLATE template0'),
        undo: drop('restored'),
        found: { [WITHOUT]: ['WARNING', 'restored', 'CREATE EXTENSION amcheck'] },
      },
    ],
    [
      'a library that is not in this container',
      {
        set: async (at) => {
          await database(at, 'foreign_made')
          await at.sql(
            `UPDATE pg_proc SET probin = '$libdir/nowhere' WHERE proname IN ('verify_heapam', 'bt_index_check')`,
            'foreign_made',
          )
        },
        undo: drop('foreign_made'),
        found: {
          [NOT_CHECKED]: ['UNKNOWN', 'foreign_made.pg_catalog.pg_proc (could not access file "$libdir/nowhere"'],
        },
      },
    ],
    [
      'a database that allows no connections',
      {
        set: async (at) => {
          await database(at, 'shut')
          await at.sql('ALTER DATABASE shut ALLOW_CONNECTIONS false')
        },
        undo: async (at) => drop('shut')(at),
        found: { [WITHOUT]: ['WARNING', 'shut (allows no connections)'] },
      },
    ],
    [
      'a database whose removal was interrupted',
      {
        set: async (at) => {
          await database(at, 'half')
          await at.sql(`UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'half'`)
        },
        undo: drop('half'),
        found: { 'invalid databases': ['WARNING', 'half', 'DROP DATABASE'] },
      },
    ],
    [
      'an empty database whose name is no word',
      {
        set: (at) => at.sql(`CREATE DATABASE "dbname=postgres user='x'"`),
        undo: drop(`"dbname=postgres user='x'"`),
        found: {},
      },
    ],
    [
      'a role that sees less than everything',
      {
        set: async (at) => {
          await database(at, 'secret')
          await at.sql('REVOKE CONNECT ON DATABASE secret FROM PUBLIC; ALTER ROLE rehearsal NOBYPASSRLS')
          await at.sql('ALTER TABLE words ENABLE ROW LEVEL SECURITY', 'secret')
        },
        undo: async (at) => {
          await at.sql('ALTER ROLE rehearsal BYPASSRLS')
          await drop('secret')(at)
        },
        found: {
          readers: [
            'WARNING',
            'database secret, for want of CONNECT',
            'secret.public.words',
            'GRANT CONNECT ON DATABASE secret TO rehearsal',
            'ALTER ROLE rehearsal BYPASSRLS',
          ],
        },
      },
    ],
  ]
  test.each(cases)('may be %s', async (_, { set, undo, found }) => {
    await set(server.checked)
    try {
      const checks = Object.values(await server.checked.verify()).filter(({ status }) => status !== 'OK')
      expect(checks.map(({ name, status }) => [name, status])).toEqual(
        Object.entries(found).map(([name, [status]]) => [name, status]),
      )
      for (const { name, message, hint } of checks)
        for (const word of found[name]?.slice(1) ?? []) expect(`${message} ${hint}`).toContain(word)
      expect(JSON.stringify(checks)).not.toContain('Do not use this copy')
    } finally {
      await undo(server.checked)
    }
  })

  test('is less without checksums, and nothing at all of a database that amcheck cannot look at either', async () => {
    await server.plain.sql('CREATE DATABASE restored TEMPLATE template0')
    const checks = await server.plain.verify()
    await server.plain.sql('DROP DATABASE restored')
    expect(checks['checksums']).toMatchObject({ status: 'WARNING' })
    expect(checks['pg_amcheck']).toMatchObject({ status: 'OK' })
    expect(checks[WITHOUT]).toMatchObject({ status: 'UNKNOWN', message: 'not checked: restored' })
  })

  test('is nothing where PostgreSQL does not run', async () => {
    await server.plain.shell('pg_ctl -D . -w stop > /dev/null')
    const checks = await server.plain.verify()
    await server.plain.shell('pg_ctl -D . -l ../run/log -w start > /dev/null')
    for (const check of Object.values(checks))
      expect(check).toMatchObject({ status: 'UNKNOWN', message: expect.stringMatching(/^not checked: /) })
  })
})

describe('real damage', () => {
  test('of a row is found by amcheck, where pages have no checksums', async () => {
    await database(server.plain, 'rows')
    await server.plain.sql(
      `UPDATE pg_class SET relfrozenxid = pg_current_xact_id()::xid WHERE relname = 'words'`,
      'rows',
    )
    const checks = await server.plain.verify()
    await server.plain.sql('DROP DATABASE rows')
    expect(checks['pg_amcheck']).toMatchObject({
      status: 'FAILED',
      message: expect.stringMatching(/^rows\.public\.words \(block 0, offset 1: xmin \d+ precedes relation freeze/),
      hint: expect.stringContaining('Do not use this copy'),
    })
    expect(checks).not.toHaveProperty(NOT_CHECKED)
  })

  test('of an index is found: its order is not that of its own function', async () => {
    await database(server.plain, 'ordered')
    await server.plain.sql(
      'CREATE OPERATOR CLASS own FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)',
      'ordered',
    )
    await server.plain.sql(
      'CREATE TABLE numbers AS SELECT generate_series(1, 500) AS n; CREATE INDEX numbers_by_n ON numbers (n own)',
      'ordered',
    )
    await server.plain.sql(
      `CREATE FUNCTION turned_cmp(a int, b int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT btint4cmp(b, a)'`,
      'ordered',
    )
    await server.plain.sql(
      `UPDATE pg_amproc SET amproc = 'turned_cmp'::regproc WHERE amprocfamily = (SELECT opcfamily FROM pg_opclass WHERE opcname = 'own')`,
      'ordered',
    )
    const checks = await server.plain.verify()
    await server.plain.sql('DROP DATABASE ordered')
    expect(checks['pg_amcheck']).toMatchObject({
      status: 'FAILED',
      message: expect.stringContaining('ordered.public.numbers_by_n (high key invariant violated'),
    })
  })

  test('is not what an index out of order proves while its collation is another one', async () => {
    const icu = `LOCALE_PROVIDER icu ICU_LOCALE 'en' TEMPLATE template0`
    await database(server.plain, 'reordered', icu)
    await server.plain.sql(`CREATE INDEX backwards ON words (word COLLATE "C")`, 'reordered')
    await server.plain.sql(`INSERT INTO words VALUES ('a'), ('B'), ('c'), ('D'); REINDEX TABLE words`, 'reordered')
    // Its entries stay where another order has put them.
    await server.plain.sql(
      `UPDATE pg_index SET indcollation = '100' WHERE indexrelid = 'backwards'::regclass;
       UPDATE pg_attribute SET attcollation = 100 WHERE attrelid = 'backwards'::regclass`,
      'reordered',
    )
    const damaged = await server.plain.verify()
    await server.plain.sql(`UPDATE pg_database SET datcollversion = '1.0' WHERE datname = 'reordered'`)
    const changed = await server.plain.verify()
    await server.plain.sql('DROP DATABASE reordered')
    expect(damaged['pg_amcheck']).toMatchObject({ status: 'FAILED', message: expect.stringContaining('backwards') })
    expect(changed['pg_amcheck']).toMatchObject({ status: 'OK' })
    expect(changed[CHANGED]).toMatchObject({
      status: 'UNKNOWN',
      message: expect.stringMatching(/^not checked: .*reordered\.public\.backwards \(item order invariant violated/),
      hint: expect.stringContaining('REINDEX'),
    })
    expect(changed['collations']).toMatchObject({ status: 'WARNING' })
  })

  test('of files that are gone is found', async () => {
    await database(server.plain, 'lost')
    const paths = `SELECT pg_relation_filepath('words') || ' ' || pg_relation_filepath('words_by_word')`
    const files = await server.plain.sql(paths, 'lost')
    await server.plain.restart(`rm ${files}`)
    const checks = await server.plain.verify()
    await server.plain.sql('DROP DATABASE lost')
    expect(checks['pg_amcheck']).toMatchObject({
      status: 'FAILED',
      // Both the table's and the index's.
      message: expect.stringMatching(/lost\.public\.words \(could not open file/),
    })
    expect(checks['pg_amcheck']).toMatchObject({
      message: expect.stringContaining('lost.public.words_by_word (index "words_by_word" lacks a main relation fork'),
    })
  })

  test('of a page is found by its checksum, by both', async () => {
    await database(server.checked, 'pages')
    const file = await server.checked.sql(`CHECKPOINT; SELECT pg_relation_filepath('words')`, 'pages').then(String)
    await server.checked.restart(damagePage(file))
    const checks = await server.checked.verify()
    await server.checked.sql('DROP DATABASE pages')
    expect(checks['checksums']).toMatchObject({
      status: 'FAILED',
      message: expect.stringContaining(`checksum verification failed in file "./${file}", block 0`),
    })
    expect(checks['pg_amcheck']).toMatchObject({
      status: 'FAILED',
      message: expect.stringMatching(/pages\.public\.words \(invalid page in block 0/),
    })
  })
})

describe('a query of the copy', () => {
  let copy: RecoveredServer
  beforeAll(async () => {
    copy = server.checked
    await copy.sql('CREATE TABLE accounts AS SELECT n FROM generate_series(1, 500) AS n')
    await copy.sql('ALTER TABLE accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')
    await copy.sql('CREATE DATABASE closed')
    await copy.sql('REVOKE CONNECT ON DATABASE closed FROM PUBLIC')
    await copy.sql('CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 42 AS id', 'closed')
    await copy.sql('ALTER DATABASE closed SET search_path = shop, public', 'closed')
    await copy.sql(`SELECT lo_from_bytea(4242, 'the object')`)
  })

  const answers: [string, string, string, (string | null)[][]][] = [
    ['every row under row-level security', 'postgres', 'SELECT count(*) FROM accounts', [['500']]],
    ['a table in a database that it may not connect to', 'closed', 'SELECT id FROM orders', [['42']]],
    ['a large object', 'postgres', `SELECT convert_from(lo_get(4242), 'UTF8')`, [['the object']]],
    [
      'values as PostgreSQL writes them',
      'postgres',
      `SELECT true, 1.50, NULL, 0.1::float4, '2026-11-28 16:37:02+01'::timestamptz, ARRAY[1, 2], '\\x00ff'::bytea, '{"a": 1}'::jsonb`,
      [['t', '1.50', null, '0.1', '2026-11-28 15:37:02+00', '{1,2}', '\\x00ff', '{"a": 1}']],
    ],
    ['as role rehearsal', 'postgres', 'SELECT current_user', [['rehearsal']]],
    ['what SHOW says', 'postgres', 'SHOW server_encoding', [['UTF8']]],
    ['no row', 'postgres', 'SELECT 1 WHERE false', []],
    ['a per cent sign, a comment and a quote', 'postgres', `SELECT '%s' -- it's`, [['%s']]],
  ]
  test.each(answers)('reads %s', async (_, name, sql, rows) => {
    expect(await copy.query(sql, { database: name })).toEqual({ rows, error: null })
  })

  const refusals: [string, string, string, string][] = [
    ['no table', 'SELECT * FROM nowhere', '42P01', 'relation "nowhere" does not exist'],
    ['no SQL', 'SELEC 1', '42601', 'syntax error'],
    ['two statements', 'SELECT 1; SELECT 2', '42P11', 'cannot open multi-query plan as cursor'],
    ['its way back to the superuser', 'SELECT 1; RESET SESSION AUTHORIZATION', '42P11', 'multi-query'],
    ['a SET', 'SET SESSION AUTHORIZATION postgres', '42P11', 'cannot open SET query as cursor'],
    ['a DO', 'DO $$ BEGIN COMMIT; END $$', '42P11', 'cannot open DO query as cursor'],
    ['a program', `COPY (SELECT 1) TO PROGRAM 'true'`, '42P11', 'cannot open COPY query as cursor'],
    ['a write', 'INSERT INTO accounts VALUES (0) RETURNING n', '25006', 'read-only transaction'],
    ['a write of its own', `SELECT lo_unlink(4242)`, '25006', 'read-only transaction'],
    ['a file', `SELECT pg_read_file('/etc/passwd')`, '42501', 'permission denied'],
    ['a command of psql', '\\! true', '42601', 'syntax error'],
  ]
  test.each(refusals)('is refused, with the SQLSTATE: %s', async (_, sql, sqlstate, message) => {
    const { rows, error } = await copy.query(sql)
    expect(rows).toEqual([])
    expect(error).toEqual({ sqlstate, message: expect.stringContaining(message) })
  })

  test('tells a database that is not there from one that allows no connections', async () => {
    expect((await copy.query('SELECT 1', { database: 'nowhere' })).error).toMatchObject({ sqlstate: '3D000' })
    expect((await copy.query('SELECT 1', { database: 'template0' })).error).toMatchObject({ sqlstate: '55000' })
  })

  test('fails where a policy would hide rows, instead of answering without them', async () => {
    await copy.sql('ALTER ROLE rehearsal NOBYPASSRLS')
    const { error } = await copy.query('SELECT count(*) FROM accounts')
    await copy.sql('ALTER ROLE rehearsal BYPASSRLS')
    expect(error).toEqual({ sqlstate: '42501', message: expect.stringContaining('row-level security') })
  })

  test('tells data without the role', async () => {
    await copy.sql('ALTER ROLE rehearsal RENAME TO other')
    const { error } = await copy.query('SELECT 1')
    const checks = await copy.verify()
    await copy.sql('ALTER ROLE other RENAME TO rehearsal')
    expect(error).toMatchObject({ sqlstate: '28000' })
    expect(checks['readers']).toMatchObject({
      status: 'WARNING',
      hint: expect.stringContaining('CREATE ROLE rehearsal'),
    })
  })

  test('has nothing to write with, and reads as superuser at most where a function runs text', async () => {
    const become = `set_config('session_authorization', 'postgres', false)`
    const write = await copy.query(`SELECT ${become}, query_to_xml('DROP TABLE accounts', true, true, '')`)
    const program = await copy.query(
      `SELECT ${become}, query_to_xml('COPY accounts TO PROGRAM ''true''', true, true, '')`,
    )
    const writable = await copy.query(`SELECT ${become}, set_config('transaction_read_only', 'off', false)`)
    for (const { error } of [write, program, writable]) expect(error?.sqlstate).toMatch(/^(0A000|25001|25006)$/)
    expect(await copy.sql('SELECT count(*) FROM accounts')).toBe('500')
  })

  test('ends in time, and does not wait for a lock', async () => {
    expect((await copy.query('SELECT pg_sleep(60)', { timeoutMs: 200 })).error).toMatchObject({ sqlstate: '57014' })
    await copy.hold('LOCK TABLE accounts', 60)
    const { error } = await copy.query('SELECT count(*) FROM accounts')
    await copy.sql(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)
    expect(error).toMatchObject({ sqlstate: '55P03' })
  })
})
