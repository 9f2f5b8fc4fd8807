import { afterAll, beforeAll, expect, test } from 'vitest'
import { docker } from '../../../scripts/lib/docker-command.mjs'
import { setPasswords, tryLogin } from '../../../scripts/lib/node-roles.mjs'
import { startContainer, type TestContainer } from '../../support/servers/test-container.ts'
import { waitFor } from '../../support/wait-for.ts'

const BIN = '/usr/lib/postgresql/17/bin'
/** As a node has it: root and postgres come in by the socket, and over TCP a password is asked for. */
const START = `
  ${BIN}/initdb --pgdata /tmp/data --auth-local peer --auth-host scram-sha-256 --no-sync --pwfile <(echo old) > /dev/null
  echo 'machine root postgres' >> /tmp/data/pg_ident.conf
  echo 'machine postgres postgres' >> /tmp/data/pg_ident.conf
  echo 'local all postgres peer map=machine' > /tmp/data/pg_hba.conf
  echo 'host all all 127.0.0.1/32 scram-sha-256' >> /tmp/data/pg_hba.conf
  exec ${BIN}/postgres -D /tmp/data -c fsync=off -c log_statement=all -c standard_conforming_strings=off`

let node: TestContainer
beforeAll(async () => {
  node = await startContainer({
    image: 'postgres',
    entrypoint: 'bash',
    options: ['--user', 'postgres'],
    command: ['-ec', START],
  })
  await waitFor('PostgreSQL to answer', () => node.exec('psql', '-U', 'postgres', '-c', 'CREATE ROLE barman'))
})
afterAll(() => node.remove())

test('a login is refused, or accepted, or could not be tried', async () => {
  expect(await tryLogin(docker, node.name, 'postgres', 'old')).toBe('accepted')
  expect(await tryLogin(docker, node.name, 'postgres', 'new')).toBe('refused')
  expect(await tryLogin(docker, `${node.name}-none`, 'postgres', 'old')).toBe('unknown')
})

test.each([
  ['a-plain-one', 'another-plain-one'],
  [`it's "$HOME" \\ \`x\` :name 'q''`, "E\\'; DROP ROLE barman; --"],
])('passwords are set by the socket, whatever is in them: %s', async (postgres, barman) => {
  await setPasswords(docker, node.name, { postgres, barman, howdah: 'no such role', replicator: 'nor this one' })
  expect(await tryLogin(docker, node.name, 'postgres', postgres)).toBe('accepted')
  expect(await tryLogin(docker, node.name, 'barman', barman)).toBe('accepted')
  expect(await tryLogin(docker, node.name, 'postgres', 'old')).toBe('refused')
  const { output } = await docker(['logs', node.name])
  expect(output).toContain('standard_conforming_strings')
  for (const password of [postgres, barman, 'no such role']) expect(output).not.toContain(password)
})
