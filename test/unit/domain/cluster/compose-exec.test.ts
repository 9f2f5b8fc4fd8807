import { expect, test } from 'vitest'
import { composeExec, composeLogs } from '../../../../src/domain/cluster/compose-exec.ts'

test('what a service is to run, and what it has logged, goes through Compose: its container may be called otherwise', () => {
  expect(composeExec('db1', 'howdah-settle-roles')).toBe('docker compose exec -T db1 howdah-settle-roles')
  expect(composeExec('db1', 'psql -U postgres', { env: "PGOPTIONS='-c x=y'" })).toBe(
    "docker compose exec -T -e PGOPTIONS='-c x=y' db1 psql -U postgres",
  )
  expect(composeLogs('db1')).toBe('docker compose logs db1')
})
