import { expect, test } from 'vitest'
import type { BarmanCommands } from '../../../../../src/clients/barman/barman-commands.ts'
import { NOT_YET_OBSERVED } from '../../../../../src/domain/observed.ts'
import { restoreBackup } from '../../../../../src/operations/recovery/copy/restore-backup.ts'
import { serverOf } from '../../../../support/builders/backup-server.ts'
import { backupOf } from '../../../../support/builders/backups.ts'
import { clusterOf } from '../../../../support/builders/cluster.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'
import { FakeBarman } from '../../../../support/fakes/fake-barman.ts'
import { FakeRecoveredCopy } from '../../../../support/fakes/fake-recovered-copy.ts'
import { FakeRecoveries } from '../../../../support/fakes/fake-recoveries.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const tablespaces = [{ oid: 16400, name: 'fast', location: '/var/lib/postgresql/17/fast' }]
const BACKUP = backupOf(1, 2, { backupId: '20261122T110000', tablespaces })

/** The step on a worker that has just begun, and has seen nothing of Barman yet. */
function restoreOf(backup: typeof BACKUP | null) {
  const barman = new FakeBarman(backup === null ? [] : [backup])
  const copy = new FakeRecoveredCopy()
  const commands = { ...barman.commands(), showBackup: async () => backup } as BarmanCommands
  const context = fakeStepContext({
    input: {},
    clients: { barman: () => commands, recoveredCopy: (service, directory) => copy.at(service, directory) },
    operation: { id: 'r1' },
    recoveries: new FakeRecoveries(recoveryRecord({ id: 'r1', backupId: BACKUP.backupId })),
    cluster: clusterOf({ backupServers: [serverOf({ backups: NOT_YET_OBSERVED })] }),
  })
  return { barman, run: () => restoreBackup.run(context) }
}

test('a worker that has not seen the backups yet gives each tablespace its own place all the same', async () => {
  const { barman, run } = restoreOf(BACKUP)
  await run()
  expect(barman.done).toEqual([expect.stringMatching(/ barman restore .*--tablespace=fast:\S*16400 patroni /)])
})

test('what Barman does not have any more is not restored', async () => {
  const { barman, run } = restoreOf(null)
  await expect(run()).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringMatching(/20261122T110000/) })
  expect(barman.done).toEqual([])
})
