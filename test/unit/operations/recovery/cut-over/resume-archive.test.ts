import { describe, expect, test } from 'vitest'
import type { ClusterClients } from '../../../../../src/clients/cluster-clients.ts'
import { CheckStatus } from '../../../../../src/domain/check.ts'
import type { ArchiverStatus } from '../../../../../src/domain/cluster/cluster.ts'
import { resumeArchive } from '../../../../../src/operations/recovery/cut-over/resume-archive.ts'
import { serverOf } from '../../../../support/builders/backup-server.ts'
import { minute } from '../../../../support/builders/backups.ts'
import { clusterOf, nodeOf, postgresStatus } from '../../../../support/builders/cluster.ts'
import { seen } from '../../../../support/builders/observed.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const ARCHIVES: ArchiverStatus = {
  archivedCount: 3,
  lastArchivedWal: '00000003.history',
  lastArchivedAt: minute(2).toDate(),
  failedCount: 0,
  lastFailedWal: null,
  lastFailedAt: null,
  pendingSegments: 0,
}
const FAILS: ArchiverStatus = {
  ...ARCHIVES,
  lastFailedWal: '000000030000000000000007',
  lastFailedAt: minute(3).toDate(),
}

/** The step on a cluster whose leader's archiver is like this, and whose Barman checks are like that. */
async function messagesOf(archiver: ArchiverStatus, check = CheckStatus.OK): Promise<string[]> {
  const operation = operationRecord()
  const cluster = clusterOf({
    nodes: [nodeOf('db2', { postgres: seen(postgresStatus({ inRecovery: false, archiver })) })],
    backupServers: [serverOf({ checks: seen([{ name: 'receive-wal', status: check, message: 'down', hint: null }]) })],
  })
  const clients: Partial<ClusterClients> = { refreshChecks: async () => {}, refreshNode: async () => {} }
  const cutOver = {
    operation: operation.id,
    recovery: 'r1',
    server: 'patroni',
    node: 'db2',
    live: '/l',
    copy: '/c',
    previous: '/p',
  }
  const context = fakeStepContext<unknown>({ input: {}, clients, operation, cluster, state: { cutOver } })
  await resumeArchive.run(context)
  return context.messages
}

describe('the archive after a cut-over', () => {
  test('goes on where Barman follows and the node hands its WAL over', async () => {
    expect(await messagesOf(ARCHIVES)).toEqual([])
  })

  test('is told where archive_command fails, though Barman streams', async () => {
    const [message = ''] = await messagesOf(FAILS)
    expect(message).toContain('archive_command of db2 fails for 000000030000000000000007')
  })

  test('goes on where it failed before, and has succeeded since', async () => {
    expect(await messagesOf({ ...FAILS, lastArchivedAt: minute(4).toDate() })).toEqual([])
  })

  test("is told where one of Barman's checks fails", async () => {
    const [message = ''] = await messagesOf(ARCHIVES, CheckStatus.FAILED)
    expect(message).toContain('receive-wal down')
  })
})
