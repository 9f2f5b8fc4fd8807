import { describe, expect, test } from 'vitest'
import { ClaimMode } from '../../../../src/domain/operation/claim.ts'
import rebuildService from '../../../../src/operations/services/rebuild-service/rebuild-service.kind.ts'
import restartService from '../../../../src/operations/services/start-and-stop/restart-service.kind.ts'
import stopService from '../../../../src/operations/services/start-and-stop/stop-service.kind.ts'
import { serviceContext } from '../../../support/builders/service-context.ts'

describe('a service is claimed', () => {
  const cases: [service: string, force: boolean, expected: string[]][] = [
    ['db1', false, ['service/db1', 'topology', 'leader']],
    ['db2', false, ['service/db2', 'topology']],
    ['etcd1', false, ['service/etcd1', 'topology']],
    ['haproxy', false, ['service/haproxy', 'topology']],
    ['barman', false, ['service/barman', 'backups/patroni', 'backup-run/patroni']],
    ['redis', false, ['service/redis']],
    ['db1', true, ['service/db1']],
  ]
  test.each(cases)('%s (force: %s) with %j', (service, force, expected) => {
    for (const kind of [stopService, restartService, rebuildService]) {
      const claims = kind.claims?.(serviceContext({ service, force })) ?? []
      expect(claims.map(({ resource }) => resource)).toEqual(expected)
      expect(claims.every(({ mode }) => mode === ClaimMode.EXCLUSIVE)).toBe(true)
      expect(kind.fenced).toBe(false)
    }
  })
})
