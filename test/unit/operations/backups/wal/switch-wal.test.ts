import { expect, test } from 'vitest'
import switchWal from '../../../../../src/operations/backups/wal/switch-wal.kind.ts'
import { SwitchWalInput } from '../../../../../src/operations/backups/wal/switch-wal-input.ts'
import { parseOperationInput } from '../../../../../src/operations/parse-operation-input.ts'
import { backupPlanContext } from '../../../../support/builders/backup-server.ts'

test('switchWal is refused for an unknown server, and for a time that is none', async () => {
  const context = backupPlanContext(Object.assign(new SwitchWalInput(), { server: 'other' }))
  expect(await switchWal.check(context)).toMatchObject([{ code: 'UNKNOWN_BACKUP_SERVER', field: 'server' }])
  expect(() => parseOperationInput(switchWal, { timeoutSeconds: 0 })).toThrow(/not valid/)
})
