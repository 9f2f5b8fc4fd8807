import { describe, expect, test } from 'vitest'
import { CheckStatus } from '../../../../../src/domain/check.ts'
import { CheckBackupServerInput } from '../../../../../src/operations/backups/check-backup-server/check-backup-server.kind.ts'
import { runChecks } from '../../../../../src/operations/backups/check-backup-server/run-checks.ts'
import { FakeBarman, stepContext } from '../../../../support/fakes/fake-barman.ts'

describe('checkBackupServer', () => {
  test('fails with every failing check and what to do', async () => {
    const barman = new FakeBarman([])
    const ok = { name: 'postgresql', status: CheckStatus.OK, message: null, hint: null }
    barman.checks = [ok, { name: 'ssh', status: CheckStatus.FAILED, message: 'refused', hint: 'See the keys.' }]
    const { context, told } = stepContext(barman, new CheckBackupServerInput())
    await expect(runChecks.run(context)).rejects.toMatchObject({
      code: 'CHECKS_FAILING',
      message: expect.stringContaining('ssh (refused)'),
      remedy: 'See the keys.',
    })
    expect(told).toEqual(['postgresql: OK', 'ssh: FAILED (refused). See the keys.'])
  })
})
