import { expect, test } from 'vitest'
import { issueId } from '../../../../src/domain/health/issue-id.ts'
import { parseGlobalId } from '../../../../src/domain/resource-id.ts'

test.each([
  ['NO_LEADER', 'Cluster:patroni', undefined, 'HealthIssue:patroni/NO_LEADER'],
  ['HAPROXY_NO_SERVER', 'Cluster:patroni', 'rw', 'HealthIssue:patroni/HAPROXY_NO_SERVER/rw'],
  ['NODE_STOPPED', 'PostgresNode:patroni/db2', undefined, 'HealthIssue:patroni/NODE_STOPPED/PostgresNode/db2'],
  [
    'BACKUP_CHECK_FAILED',
    'BackupServer:patroni/main',
    'minimum redundancy requirements',
    'HealthIssue:patroni/BACKUP_CHECK_FAILED/BackupServer/main/minimum-redundancy-requirements',
  ],
  [
    'LAST_BACKUP_FAILED',
    'Backup:patroni/main/20261122T171311',
    undefined,
    'HealthIssue:patroni/LAST_BACKUP_FAILED/Backup/main/20261122T171311',
  ],
] as const)('%s of %s, %s', (code, subject, which, id) => {
  expect(issueId('patroni', { code, subject, ...(which === undefined ? {} : { which }) })).toBe(id)
  expect(parseGlobalId(id)).toMatchObject({ type: 'HealthIssue', named: { cluster: 'patroni' } })
})
