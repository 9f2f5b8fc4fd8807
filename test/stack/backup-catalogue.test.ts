import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { readBackups, readVerification, waitForCatalogue } from '../support/stack/backup-client.ts'
import { performOperation, requestOperation } from '../support/stack/operation-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
const CONFIGURATION = '/etc/barman.d/cluster.conf'
const DIRECTORY = '/data/pg-backup/patroni'
const confirm = 'patroni'
let api: ApiClient
let full: string
let incremental: string

const asBarman = (...command: string[]) => facts.exec('barman', command, 'barman')
const supervise = (verb: 'up' | 'down', ...services: string[]) =>
  facts.exec('barman', ['sv', '-w', '30', verb, ...services])
const refusalsOf = async (kind: string, input: Record<string, unknown>) =>
  (await requestOperation(api, kind, { confirm, ...input })).refusals.map(({ code }) => code)

async function takeBackup(type: 'FULL' | 'INCREMENTAL', parent?: string): Promise<string> {
  const { operation } = await performOperation(api, 'createBackup', {
    type,
    ...(parent === undefined ? {} : { parent }),
  })
  expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null })
  return operation.result?.backupId ?? ''
}

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
  await facts.exec('barman', ['cp', CONFIGURATION, '/tmp/cluster.conf'])
  full = await takeBackup('FULL')
  incremental = await takeBackup('INCREMENTAL', full)
  await waitForCatalogue(api, 'both backups', (all) =>
    all.some(({ backupId, children }) => backupId === full && children.length === 1),
  )
}, 120_000)

afterAll(async () => {
  await facts.exec('barman', ['sh', '-c', `cat /tmp/cluster.conf > ${CONFIGURATION}; rm /tmp/cluster.conf`])
  await supervise('up', 'cron', 'archive-wal')
  await waitForBackups(api)
  await api.close()
}, 120_000)

describe('dry runs of operations on backups and WAL', () => {
  const kinds: [string, () => Record<string, unknown>][] = [
    ['deleteBackup', () => ({ backupId: full, withChildren: true })],
    ['keepBackup', () => ({ backupId: full, target: 'FULL' })],
    ['releaseBackup', () => ({ backupId: full })],
    ['verifyBackup', () => ({ backupId: incremental })],
    ['applyRetentionPolicy', () => ({})],
    ['checkBackupServer', () => ({})],
    ['switchWal', () => ({ force: true })],
    ['archiveWals', () => ({})],
  ]
  test('plan and change nothing', async () => {
    // Barman's cron may call a complete one WAITING_FOR_WALS again meanwhile.
    const catalogue = async () => (await readBackups(api)).map((each) => ({ ...each, status: null }))
    const files = () => asBarman('find', `${DIRECTORY}/base`, `${DIRECTORY}/meta`, '-type', 'f')
    const before = { catalogue: await catalogue(), files: await files() }
    const segment = () => leaderSql<{ wal: string }>(facts, 'SELECT pg_walfile_name(pg_current_wal_lsn()) AS wal')
    const writing = await segment()
    for (const [kind, input] of kinds) {
      const { operation, plan, refusals } = await requestOperation(api, kind, { ...input(), dryRun: true })
      expect({ kind, operation, refusals }).toEqual({ kind, operation: null, refusals: [] })
      expect(plan?.steps.length, kind).toBeGreaterThan(0)
    }
    expect({ catalogue: await catalogue(), files: await files() }).toEqual(before)
    expect(await segment()).toEqual(writing)
  })
})

describe('keepBackup and releaseBackup', () => {
  const keepStatus = async (backupId: string) => {
    const answer = await asBarman('barman', '-f', 'json', 'keep', '--status', 'patroni', backupId)
    return (JSON.parse(answer) as { patroni: { keep_status: { message: string } } }).patroni.keep_status.message
  }
  const found = async (backupId: string) => (await readBackups(api)).find((each) => each.backupId === backupId)

  test('keep a backup for either target, and release it; already so is success', async () => {
    const first = await performOperation(api, 'keepBackup', { backupId: full, target: 'FULL' })
    expect(first.operation).toMatchObject({ status: 'SUCCEEDED', result: { backupId: full } })
    expect(await keepStatus(full)).toBe('full')
    await waitForCatalogue(api, 'KEEP_FULL', (all) =>
      all.some(({ retentionStatus }) => retentionStatus === 'KEEP_FULL'),
    )

    const again = await performOperation(api, 'keepBackup', { backupId: full, target: 'FULL' })
    expect(again.operation).toMatchObject({ status: 'SUCCEEDED', steps: [{ status: 'SKIPPED' }] })
    await performOperation(api, 'keepBackup', { backupId: full, target: 'STANDALONE' })
    expect(await keepStatus(full)).toBe('standalone')
    await waitForCatalogue(api, 'it to be kept', (all) => all.find(({ backupId }) => backupId === full)?.keep)
    expect(await refusalsOf('deleteBackup', { backupId: full, withChildren: true })).toEqual(['BACKUP_KEPT'])

    await performOperation(api, 'releaseBackup', { backupId: full })
    expect(await keepStatus(full)).toBe('nokeep')
    await waitFor('the release to be seen', async () => (await found(full))?.keep === null)
    const released = await performOperation(api, 'releaseBackup', { backupId: full })
    expect(released.operation).toMatchObject({ status: 'SUCCEEDED', steps: [{ status: 'SKIPPED' }] })
  })

  test('are refused for what Barman does not keep', async () => {
    expect(await refusalsOf('keepBackup', { backupId: incremental, target: 'FULL' })).toEqual(['BACKUP_IS_INCREMENTAL'])
    expect(await refusalsOf('keepBackup', { backupId: '20200101T000000', target: 'FULL' })).toEqual(['UNKNOWN_BACKUP'])
  })
})

describe('verifyBackup', () => {
  test('verifies an incremental backup with what it builds on, and its WAL', async () => {
    expect(await readVerification(api, incremental)).toBeNull()
    const { operation, events } = await performOperation(api, 'verifyBackup', { backupId: incremental })
    expect(operation).toMatchObject({ status: 'SUCCEEDED', result: { backupId: incremental } })
    expect(events.flatMap(({ progress }) => progress?.bytesDone ?? []).at(-1)).toBeGreaterThan(1_000_000)
    expect(await readVerification(api, incremental)).toMatchObject({
      passed: true,
      message: `Backup ${incremental} is whole`,
      checks: [`files of ${full}`, `files of ${incremental}`, `WAL of ${incremental}`].map((name) => ({
        name,
        status: 'OK',
      })),
    })
  })

  test('names the file of a backup that was damaged on disk, and leaves no run behind', async () => {
    const data = `${DIRECTORY}/base/${full}/data`
    const file = await asBarman('sh', '-c', `cd ${data} && find base -type f -size +100k | sort | head -n 1`)
    await asBarman('sh', '-c', `printf damaged | dd of=${data}/${file} bs=1 seek=20000 conv=notrunc`)
    for (const backupId of [full, incremental]) {
      const { operation } = await performOperation(api, 'verifyBackup', { backupId })
      expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'VERIFICATION_FAILED' }, result: null })
      expect(operation.error?.message).toContain(file)
      expect(await readVerification(api, backupId)).toMatchObject({
        passed: false,
        message: expect.stringContaining(file),
      })
      expect(await asBarman('howdah-run', 'list')).not.toContain(operation.id.replace('Operation:', ''))
      // No recovery uses it.
      const recovery = { backup: backupId, target: { immediate: true } }
      expect(await refusalsOf('rehearseRecovery', recovery)).toEqual(['BACKUP_CORRUPT'])
    }
  })
})

describe('deleteBackup', () => {
  test('refuses what would do harm, and says why', async () => {
    expect(await refusalsOf('deleteBackup', { backupId: '20200101T000000' })).toEqual(['UNKNOWN_BACKUP'])
    expect(await refusalsOf('deleteBackup', { backupId: full, server: 'other' })).toEqual(['UNKNOWN_BACKUP_SERVER'])
    expect(await refusalsOf('deleteBackup', { backupId: full })).toEqual(['BACKUP_HAS_CHILDREN'])
    expect(await refusalsOf('deleteBackup', { backupId: incremental, confirm: 'other' })).toEqual([
      'CONFIRMATION_REQUIRED',
    ])
  })

  test('is refused while a backup is made, and for the one that is made', async () => {
    const { operation } = await requestOperation(api, 'createBackup', { type: 'FULL' })
    const started = await waitForCatalogue(api, 'a backup that is being made', (all) =>
      all.find(({ status }) => status === 'STARTED'),
    )
    expect(await refusalsOf('deleteBackup', { backupId: started.backupId })).toEqual(['BACKUP_IN_USE'])
    expect(await refusalsOf('deleteBackup', { backupId: incremental })).toEqual(['CONFLICT'])
    await waitFor(
      'the backup to end',
      async () => {
        const query = 'query ($id: ID!) { operation(id: $id) { status } }'
        const answer = await api.query<{ operation: { status: string } }>(query, { id: operation?.id })
        return answer.operation.status === 'SUCCEEDED'
      },
      { timeoutMs: 60_000 },
    )
  })

  test('deletes a backup with what builds on it when told so', async () => {
    const { plan } = await requestOperation(api, 'deleteBackup', { backupId: full, withChildren: true, dryRun: true })
    expect(plan).toMatchObject({ destructive: true, summary: expect.stringContaining(incremental) })
    expect(plan?.summary).toMatch(/frees about [1-9]\d* MiB/)
    const { operation } = await performOperation(api, 'deleteBackup', { backupId: full, withChildren: true, confirm })
    expect(operation).toMatchObject({ status: 'SUCCEEDED', cancellable: false })
    await waitForCatalogue(
      api,
      'both to be gone',
      (all) => !all.some(({ backupId }) => [full, incremental].includes(backupId)),
    )
    expect(await asBarman('ls', `${DIRECTORY}/base`)).not.toContain(full)
  })
})

describe('switchWal and archiveWals', () => {
  test('a closed segment is waited for until it is in the archive', async () => {
    const { operation, events } = await performOperation(api, 'switchWal', { force: true })
    expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null })
    const messages = events.map(({ message }) => message).join('\n')
    const segment = /Closed segment ([0-9A-F]{24})/.exec(messages)?.[1]
    expect(messages).toMatch(new RegExp(`Segment ${segment} is in the archive, [0-9.]+ s after`))
    const query = `{ cluster { backupServer { walArchive { last { name } } } } }`
    await waitFor('the API to show it', async () => {
      const { cluster } = await api.query<{ cluster: { backupServer: { walArchive: { last: { name: string } } } } }>(
        query,
      )
      return segment !== undefined && cluster.backupServer.walArchive.last.name >= segment
    })
  })

  test('waiting WAL is filed when asked for', async () => {
    await supervise('down', 'cron', 'archive-wal')
    try {
      await leaderSql(facts, 'SELECT pg_create_restore_point($$archive$$), pg_switch_wal()')
      const whole = () =>
        asBarman('sh', '-c', `cd ${DIRECTORY} && find incoming streaming -type f ! -name '*.partial' ! -name '.*'`)
      const waiting = await waitFor('a segment to wait', async () => (await whole()) || null)
      const { operation } = await performOperation(api, 'archiveWals')
      expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null, steps: [{ status: 'SUCCEEDED' }] })
      const left = await whole()
      expect(waiting.split('\n').filter((name) => left.includes(name))).toEqual([])
    } finally {
      await supervise('up', 'cron', 'archive-wal')
    }
  })
})

describe('checkBackupServer', () => {
  test('tells every check, and what to do about one that fails', async () => {
    const well = await performOperation(api, 'checkBackupServer')
    expect(well.operation).toMatchObject({ status: 'SUCCEEDED', error: null })
    expect(well.events.filter(({ message }) => / OK/.test(message)).length).toBeGreaterThan(15)

    const stray = `${DIRECTORY}/errors/000000010000000000000001.unknown`
    await asBarman('touch', stray)
    try {
      const { operation, events } = await performOperation(api, 'checkBackupServer')
      expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'CHECKS_FAILING' } })
      expect(operation.error?.message).toContain('archiver errors')
      expect(events.some(({ message }) => /archiver errors: FAILED/.test(message))).toBe(true)
    } finally {
      await asBarman('rm', stray)
    }
    await waitForBackups(api)
  })
})

describe('applyRetentionPolicy', () => {
  test('deletes just what the policy calls obsolete, and never the last backup', async () => {
    // Otherwise cron would be first.
    await supervise('down', 'cron')
    await facts.exec('barman', [
      'sed',
      '-i',
      's/^retention_policy *=.*/retention_policy = REDUNDANCY 1/',
      CONFIGURATION,
    ])
    const newest = await takeBackup('FULL')
    const obsolete = await waitForCatalogue(api, 'all older backups to be obsolete', (all) => {
      const older = all.filter(({ backupId }) => backupId !== newest)
      return older.length > 0 && older.every(({ retentionStatus }) => retentionStatus === 'OBSOLETE') ? older : null
    })

    const { plan } = await requestOperation(api, 'applyRetentionPolicy', { dryRun: true })
    expect(plan?.checks.map(({ name }) => name)).toEqual(
      obsolete.map(({ backupId }) => `obsolete backup ${backupId}`).sort(),
    )
    expect(plan?.summary).toMatch(/frees about [1-9]\d* MiB/)
    expect(plan?.dataLoss).toMatch(/^Recovery to any point from /)

    const { operation } = await performOperation(api, 'applyRetentionPolicy', { confirm })
    expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null, progress: { percent: 100 } })
    await waitForCatalogue(api, 'one backup to be left', (all) => all.length === 1 && all[0]?.backupId === newest)
    expect(await refusalsOf('deleteBackup', { backupId: newest })).toEqual(['MINIMUM_REDUNDANCY'])

    const again = await performOperation(api, 'applyRetentionPolicy', { confirm })
    expect(again.operation).toMatchObject({ status: 'SUCCEEDED', steps: [{ status: 'SKIPPED' }] })
  }, 90_000)
})
