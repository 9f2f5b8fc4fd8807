import { describe, expect, test } from 'vitest'
import { classifyLogin, type LoginAnswer, loginRefusalOf } from '../../../../src/clients/postgres/classify-login.ts'
import { cureOf, type LoginCure } from '../../../../src/domain/cluster/login-refusal.ts'

const answer = (code: string, message: string, rest: Partial<LoginAnswer> = {}): LoginAnswer => ({
  code,
  message,
  ...rest,
})
const DENIED = answer('42501', 'permission denied for database "postgres"')

describe('a refused login', () => {
  const cases: [string, LoginAnswer, LoginCure['kind'], string, passing: boolean][] = [
    [
      'a wrong password, or VALID UNTIL in the past, which PostgreSQL does not tell apart',
      answer('28P01', 'password authentication failed for user "howdah"', { routine: 'auth_failed' }),
      'SETTLE_ROLES',
      'docker compose exec -T db1 howdah-settle-roles',
      false,
    ],
    [
      'NOLOGIN',
      answer('28000', 'role "howdah" is not permitted to log in', { routine: 'InitializeSessionUserId' }),
      'STATEMENT',
      "docker compose exec -T db1 psql -U postgres -d postgres -c 'ALTER ROLE howdah LOGIN'",
      false,
    ],
    [
      'no line in pg_hba.conf',
      answer('28000', 'no pg_hba.conf entry for host', { routine: 'ClientAuthentication' }),
      'ADVICE',
      'postgresql.pg_hba in configs/patroni.yml',
      false,
    ],
    ['CONNECT revoked', DENIED, 'STATEMENT', 'GRANT CONNECT ON DATABASE postgres TO howdah', false],
    [
      'no connection left on the server',
      answer('53300', 'sorry, too many clients already', { routine: 'InitPostgres' }),
      'ADVICE',
      'reserved_connections',
      true,
    ],
    [
      'no connection left for the role',
      answer('53300', 'too many connections for role "howdah"', { routine: 'InitializeSessionUserId' }),
      'STATEMENT',
      'ALTER ROLE howdah CONNECTION LIMIT -1',
      true,
    ],
    [
      'no connection left for the database',
      answer('53300', 'too many connections for database "postgres"', { routine: 'CheckMyDatabase' }),
      'STATEMENT',
      'ALTER DATABASE postgres CONNECTION LIMIT -1',
      true,
    ],
    [
      'ALLOW_CONNECTIONS false, put right from another database',
      answer('55000', 'database "postgres" is not currently accepting connections'),
      'STATEMENT',
      '-d template1',
      false,
    ],
    ['no such database', answer('3D000', 'database "postgres" does not exist'), 'STATEMENT', 'CREATE DATABASE', false],
    [
      'a login trigger that raises',
      answer('P0001', 'not today'),
      'DISABLE_LOGIN_TRIGGERS',
      "docker compose exec -T -e PGOPTIONS='-c event_triggers=off' db1 psql",
      false,
    ],
    [
      'a login trigger that fails with anything else',
      answer('42P01', 'relation "audit" does not exist', { where: 'PL/pgSQL function audit() line 1' }),
      'DISABLE_LOGIN_TRIGGERS',
      'ALTER EVENT TRIGGER %I DISABLE',
      false,
    ],
    ['an unexpected refusal', answer('0LP01', 'no'), 'ADVICE', 'Put right what PostgreSQL says', false],
  ]
  test.each(cases)('%s', (_, given, kind, pasted, passing) => {
    const refusal = classifyLogin(given, 'howdah')
    expect(refusal).toMatchObject({ role: 'howdah', sqlstate: given.code, reason: given.message, passing })
    expect(refusal?.cure.kind).toBe(kind)
    if (refusal !== null) expect(cureOf(refusal, 'db1')).toContain(pasted)
  })

  test.each([
    ['a server that starts or stops', answer('57P03', 'the database system is starting up')],
    ['a session that an administrator ended', answer('57P01', 'terminating connection')],
    ['a connection that broke', answer('08006', 'connection failure')],
    ['an error without a code', { code: undefined, message: 'ECONNREFUSED' }],
  ])('%s is none', (_, given) => {
    expect(classifyLogin(given, 'howdah')).toBeNull()
  })

  test('is none where PostgreSQL has not answered', () => {
    expect(loginRefusalOf(new Error('connect ECONNREFUSED'), 'howdah')).toBeNull()
  })
})
