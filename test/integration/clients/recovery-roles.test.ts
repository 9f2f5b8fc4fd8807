import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDockerExec } from '../../../src/clients/docker/docker-exec.ts'
import { docker } from '../../support/docker.ts'
import { type PostgresServer, startPrimary } from './postgres-servers.ts'

/** The stack's roles in recovered data, as docker/agent/howdah/recovery/roles.py sets them, here in a PostgreSQL that logs everything. */
const SERVER = `
import json, os, subprocess, sys
from howdah.recovery import roles
class Server:
    def psql(self, sql, arguments=()):
        command = ['psql', '-XqAt', '-w', '-v', 'ON_ERROR_STOP=1', '-h', '/var/run/postgresql', '-U', 'postgres', '-d', 'postgres', *arguments, '-c', sql]
        pinned = {**os.environ, 'PGOPTIONS': '-c event_triggers=off'}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=pinned)
`
const SETTLE = `${SERVER}
try:
    print(json.dumps(roles.settle(Server(), json.loads(sys.stdin.readline())['roles'])))
except roles.RolesError as error:
    sys.exit(str(error))
`
const { run } = createDockerExec({ endpoint: 'unix:///var/run/docker.sock' })

let server: PostgresServer

beforeAll(async () => {
  server = await startPrimary()
  await server.sql(`ALTER SYSTEM SET log_statement = 'all'`)
  await server.sql('ALTER SYSTEM SET log_min_duration_statement = 0')
  // Whatever an older cluster has set: quoting must not depend on it.
  await server.sql('ALTER SYSTEM SET standard_conforming_strings = off')
  await server.sql('SELECT pg_reload_conf()')
  await server.sql('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC')
})
afterAll(() => server?.remove())

async function setRoles(roles: readonly { name: string; verifier: string | null; connectionLimit: number }[]) {
  return run({
    container: server.name,
    user: 'postgres',
    argv: ['python3', '-c', SETTLE],
    stdin: `${JSON.stringify({ roles })}\n`,
  })
}

async function verifierOf(name: string): Promise<string> {
  return server.sql(`SELECT rolpassword FROM pg_authid WHERE rolname = '${name}'`)
}

it('gets a role in with the verifier that it is given, to the letter, and says only its name', async () => {
  await server.sql(`CREATE ROLE now LOGIN PASSWORD 'new'`)
  await server.sql(`CREATE ROLE howdah NOLOGIN CONNECTION LIMIT 0 PASSWORD 'old' VALID UNTIL '2020-01-01'`)
  const verifier = await verifierOf('now')
  const roles = [
    { name: 'howdah', verifier, connectionLimit: -1 },
    { name: 'gone', verifier, connectionLimit: -1 },
  ]
  const first = await setRoles(roles)
  expect([first.stderr, JSON.parse(first.stdout)]).toEqual([
    '',
    { set: ['howdah'], missing: ['gone'], loginTriggers: [] },
  ])
  expect(await verifierOf('howdah')).toBe(verifier)
  const standing = `SELECT rolcanlogin, rolconnlimit, rolvaliduntil, has_database_privilege(oid, 'postgres', 'CONNECT')
    FROM pg_authid WHERE rolname = 'howdah'`
  expect(await server.sql(standing)).toBe('t|-1|infinity|t')
  // What is as it should be is not touched.
  expect(JSON.parse((await setRoles(roles)).stdout)).toMatchObject({ set: [] })
  expect(await docker('logs', server.name)).not.toContain(verifier)
})

it('names the triggers of a login, and is not kept out by them', async () => {
  await server.sql(`CREATE FUNCTION curfew() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not today'; END $$; CREATE EVENT TRIGGER curfew ON login EXECUTE FUNCTION curfew()`)
  try {
    const { stdout } = await setRoles([{ name: 'howdah', verifier: null, connectionLimit: 7 }])
    expect(JSON.parse(stdout)).toEqual({ set: ['howdah'], missing: [], loginTriggers: ['curfew'] })
  } finally {
    const free = ['env', 'PGOPTIONS=-c event_triggers=off', 'psql', '-qc']
    await server.exec(...free, 'DROP EVENT TRIGGER curfew; DROP FUNCTION curfew')
  }
})

it('says what PostgreSQL says where it cannot, and nothing of what was to be set', async () => {
  const { exitCode, stdout, stderr } = await setRoles([{ name: 'howdah', verifier: 'no verifier', connectionLimit: 7 }])
  expect([exitCode, stdout, stderr.trim()]).toEqual([1, '', 'still not as they should be: howdah'])
})

it('quotes any name and any text', async () => {
  // PostgreSQL has no zero byte, and psql prints no character that Unicode has set aside.
  const text = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 40 })
    .filter((each) => !/\0|\p{Noncharacter_Code_Point}/u.test(each))
  const hard = fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', ';', '-', '\n', ' ', 'é', 'E'), minLength: 1 })
  const texts = fc.sample(fc.oneof(text, hard), 150)
  // PostgreSQL reads each as a text and as a name of a column, and answers what it has read.
  const script = `${SERVER}
server = Server()
for text in json.loads(sys.stdin.readline()):
    name = text.encode()[:63].decode(errors='ignore')
    said = server.psql(f"SELECT json_build_object('text', {roles.literal(text)}, 'name', (SELECT json_object_keys(to_json(the_row)) FROM (SELECT 1 AS {roles.identifier(name)}) the_row))")
    if said.returncode != 0 or json.loads(said.stdout) != {'text': text, 'name': name}:
        sys.exit(repr((text, said.stdout, said.stderr)))
`
  const { exitCode, stderr } = await run({
    container: server.name,
    user: 'postgres',
    argv: ['python3', '-c', script],
    stdin: `${JSON.stringify(texts)}\n`,
  })
  expect([exitCode, stderr]).toEqual([0, ''])
})
