import { describe, expect, test } from 'vitest'
import { BackupStatus, BackupType } from '../../../../../src/domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../../../src/domain/backup/backup-server.ts'
import { CheckStatus } from '../../../../../src/domain/check.ts'
import { Timestamp } from '../../../../../src/domain/timestamp.ts'
import createBackup from '../../../../../src/operations/backups/create-backup/create-backup.kind.ts'
import { CreateBackupInput } from '../../../../../src/operations/backups/create-backup/create-backup-input.ts'
import type { PlanContext } from '../../../../../src/operations/context.ts'
import { loadOperations } from '../../../../../src/operations/load-operations.ts'
import { parseOperationInput } from '../../../../../src/operations/parse-operation-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { backupOf, range, walOf } from '../../../../support/builders/backups.ts'
import { nodeOf, postgresStatus } from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

const SERVER: BackupServerSnapshot = {
  cluster: 'patroni',
  name: 'patroni',
  configuration: seen({
    active: true,
    retentionPolicy: null,
    minimumRedundancy: 1,
    compression: 'gzip',
    backupMethod: 'postgres',
  }),
  checks: seen([{ name: 'postgresql', status: CheckStatus.OK, message: null, hint: null }]),
  backups: seen([
    backupOf(1, 2, { backupId: '20261122T100000', name: 'first' }),
    backupOf(5, 6, { backupId: '20261122T110000' }),
  ]),
  wal: seen(walOf({ 1: range(1, 10) })),
  incoming: seen({ incomingCount: 0, whole: [], streamingPartial: null, streamingModifiedAt: null }),
  disk: seen({ usedBytes: 1e9, freeBytes: 50e9, totalBytes: 51e9 }),
}

function contextOf(
  input: Partial<CreateBackupInput>,
  server: Partial<BackupServerSnapshot> = {},
): PlanContext<CreateBackupInput> {
  const cluster = {
    nodes: [nodeOf('db1', { postgres: seen(postgresStatus({ databaseBytes: 1e9 })) })],
    backupServers: [{ ...SERVER, ...server }],
  }
  return planContext(new CreateBackupInput(), { type: BackupType.FULL, waitForWals: true, ...input }, cluster)
}

const codes = async (context: PlanContext<CreateBackupInput>) =>
  (await createBackup.check(context)).map(({ code }) => code)
const failed = (name: string) => seen([{ name, status: CheckStatus.FAILED, message: 'broken', hint: 'Fix it.' }])

describe('createBackup is refused', () => {
  const cases: [string, Partial<CreateBackupInput>, Partial<BackupServerSnapshot>, string[]][] = [
    ['never, when all is well', {}, {}, []],
    ['for an unknown server', { server: 'other' }, {}, ['UNKNOWN_BACKUP_SERVER']],
    ['while Barman cannot be read', {}, { backups: away('ssh: refused') }, ['BACKUP_SERVER_UNREACHABLE']],
    ['on failing checks', {}, { checks: failed('replication slot') }, ['CHECKS_FAILING']],
    ['not for want of the very backup', {}, { checks: failed('minimum redundancy requirements') }, []],
    ['before any WAL was archived', {}, { wal: seen(walOf({})) }, ['NO_WAL_ARCHIVED']],
    [
      'while one is being made',
      {},
      { backups: seen([backupOf(1, 2, { status: BackupStatus.STARTED })]) },
      ['BACKUP_RUNNING'],
    ],
    ['for want of disk', {}, { disk: seen({ usedBytes: 0, freeBytes: 1, totalBytes: 1 }) }, ['NOT_ENOUGH_DISK']],
    ['for a name that is taken', { name: 'first' }, {}, ['NAME_TAKEN']],
    ['with a parent for a FULL', { parent: 'latest' }, {}, ['BAD_PARENT']],
    ['with an unknown parent', { type: BackupType.INCREMENTAL, parent: '20200101T000000' }, {}, ['BAD_PARENT']],
    ['never with a parent that is complete', { type: BackupType.INCREMENTAL, parent: '20261122T100000' }, {}, []],
    ['without any parent', { type: BackupType.INCREMENTAL }, { backups: seen([]) }, ['BAD_PARENT']],
    [
      'on a parent that was not made by pg_basebackup',
      { type: BackupType.INCREMENTAL },
      { backups: seen([backupOf(1, 2, { method: 'rsync' })]) },
      ['BAD_PARENT'],
    ],
  ]
  test.each(cases)('%s', async (_, input, server, expected) => {
    expect(await codes(contextOf(input, server))).toEqual(expected)
  })

  test('with a sentence, and a remedy wherever there is one', async () => {
    const [refusal] = await createBackup.check(contextOf({}, { checks: failed('replication slot') }))
    expect(refusal).toMatchObject({ message: expect.stringContaining('replication slot (broken)'), remedy: 'Fix it.' })
  })
})

describe('the plan of createBackup', () => {
  test('names its steps, costs no downtime and no data', async () => {
    const plan = await planOperation(createBackup, contextOf({}))
    expect(plan.steps.map(({ name }) => name)).toEqual(createBackup.steps.map(({ name }) => name))
    expect(plan).toMatchObject({ downtimeSeconds: 0, dataLoss: null })
  })

  test('estimates from the throughput of earlier backups', async () => {
    const slow = backupOf(1, 2, {
      clusterSizeBytes: 1e9,
      beginTime: Timestamp.fromSeconds(0),
      endTime: Timestamp.fromSeconds(100),
    })
    const fast = backupOf(1, 2, {
      clusterSizeBytes: 1e9,
      beginTime: Timestamp.fromSeconds(0),
      endTime: Timestamp.fromSeconds(10),
    })
    const estimate = async (backup: typeof slow) =>
      (await planOperation(createBackup, contextOf({}, { backups: seen([backup]) }))).steps[0]?.estimatedSeconds ?? 0
    expect(await estimate(slow)).toBeCloseTo((await estimate(fast)) * 10)
  })

  test('says on which parent an incremental builds', async () => {
    const { summary } = await planOperation(createBackup, contextOf({ type: BackupType.INCREMENTAL }))
    expect(summary).toContain('INCREMENTAL backup on 20261122T110000')
  })
})

describe('the input of createBackup', () => {
  test.each([
    { name: 'with space' },
    { name: '--incremental' },
    { name: 'latest' },
    { name: 'last-failed' },
    { parent: '$(reboot)' },
    { type: 'OTHER' },
    { idempotencyKey: '' },
  ])('is refused: %j', (fields) => {
    expect(() => parseOperationInput(createBackup, fields)).toThrow(/not valid/)
  })

  test('is taken back from its record as it was', () => {
    const fields = { type: BackupType.INCREMENTAL, parent: '20261122T100000', name: 'nightly', waitForWals: false }
    expect(parseOperationInput(createBackup, fields)).toMatchObject(fields)
  })
})

describe('the loader', () => {
  test('finds every kind by its file', async () => {
    expect([...(await loadOperations()).keys()]).toContain('createBackup')
  })
})
