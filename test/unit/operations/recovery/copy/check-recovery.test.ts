import { describe, expect, test } from 'vitest'
import { BackupStatus, RetentionStatus } from '../../../../../src/domain/backup/backup.ts'
import type { Tablespace } from '../../../../../src/domain/backup/tablespace.ts'
import { RecoveryMode, type RecoveryRecord, RecoveryStatus } from '../../../../../src/domain/recovery/recovery.ts'
import rehearseRecovery from '../../../../../src/operations/recovery/copy/rehearse-recovery.kind.ts'
import recoverCluster from '../../../../../src/operations/recovery/recover-cluster/recover-cluster.kind.ts'
import type { RecoverClusterInput } from '../../../../../src/operations/recovery/recover-cluster/recover-cluster-input.ts'
import type { AnyRecoveryInput } from '../../../../../src/operations/recovery/recovery-inputs.ts'
import { CutOver } from '../../../../../src/operations/recovery/recovery-inputs.ts'
import { backupOf, lsnOf, minute, range, walOf } from '../../../../support/builders/backups.ts'
import { LEADER, nodeOf, postgresStatus, topologyOf } from '../../../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../../../support/builders/observed.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'
import {
  FULL,
  full,
  LAST,
  NEWER,
  newer,
  recoveryOf,
  rehearsalOf,
  type World,
  withOne,
} from '../../../../support/builders/recovery-request.ts'

/** "CODE at field" of each refusal. */
const rehearse = async (...of: Parameters<typeof rehearsalOf>) =>
  (await rehearseRecovery.check(rehearsalOf(...of))).map(({ code, field }) => `${code} at ${field}`)
const recover = async (...of: Parameters<typeof recoveryOf>) =>
  (await recoverCluster.check(recoveryOf(...of))).map(({ code, field }) => `${code} at ${field}`)

/** The full backup failed its last verification, or did not; the newer one is an incremental on top of it. */
const verified = (passed: boolean): World => ({
  server: { backups: seen([full, { ...newer, parentBackupId: FULL }]) },
  verifications: new Map([[`patroni/patroni/${FULL}`, { passed, at: NOW, message: 'one file differs', checks: [] }]]),
})
const sql = (text: string) => ({
  assertions: [
    { sql: 'SELECT 1', expect: '1' },
    { sql: text, expect: '1' },
  ],
})

describe.each([
  ['rehearseRecovery', rehearse],
  ['recoverCluster', recover],
])('%s is refused', (_, codes) => {
  const cases: [string, Partial<AnyRecoveryInput>, World, string[]][] = [
    ['never when the target lies in a recovery window', {}, {}, []],
    ['never for the end of the archive', { target: null }, {}, []],
    ['never for a backup that is whole', { backup: FULL }, {}, []],
    ['never for the latest backup', { backup: 'latest' }, {}, []],
    ['never for a backup that passed its verification', { backup: FULL }, verified(true), []],
    ['for a backup that failed its last verification', { backup: FULL }, verified(false), ['BACKUP_CORRUPT at backup']],
    ['for one that builds on such a backup', { backup: NEWER }, verified(false), ['BACKUP_CORRUPT at backup']],
    ['when only such backups reach the target', {}, verified(false), ['TARGET_NOT_RECOVERABLE at target']],
    ['for an unknown server', { server: 'other' }, {}, ['UNKNOWN_BACKUP_SERVER at server']],
    ['while Barman cannot be read', {}, { server: { backups: away() } }, ['BACKUP_SERVER_UNREACHABLE at server']],
    ['while the archive cannot be read', {}, { server: { wal: away() } }, ['WAL_UNKNOWN at server']],
    ['for two targets at once', { target: { xid: '742', name: 'before' } }, {}, ['BAD_TARGET at target']],
    ['for a target that is none', { target: { xid: '2' } }, {}, ['BAD_TARGET at target']],
    ['for a time without a zone', { target: { time: '2026-11-22 11:40:00' } }, {}, ['BAD_TARGET at target']],
    ['for a time that is none', { target: { time: 'noon' } }, {}, ['BAD_TARGET at target']],
    ['for an LSN that is none', { target: { lsn: 'x' } }, {}, ['BAD_TARGET at target']],
    ['for a time to come', { target: { time: minute(LAST + 1) } }, {}, ['TARGET_IN_FUTURE at target']],
    [
      'for a time before the first backup',
      { target: { time: minute(LAST - 60) } },
      {},
      ['TARGET_NOT_RECOVERABLE at target'],
    ],
    ['for an LSN that is not archived yet', { target: { lsn: lsnOf(LAST) } }, {}, ['TARGET_NOT_RECOVERABLE at target']],
    ['for a timeline that no backup reaches', { target: { timeline: '7' } }, {}, ['TARGET_NOT_RECOVERABLE at target']],
    ['without a backup', {}, { server: { backups: seen([]) } }, ['TARGET_NOT_RECOVERABLE at target']],
    [
      'for a time before the backup that is named',
      { backup: NEWER, target: { time: minute(LAST - 40) } },
      {},
      ['TARGET_NOT_RECOVERABLE at target'],
    ],
    [
      'for an obsolete backup that was chosen for it',
      {},
      {
        server: {
          backups: seen([full, newer].map((each) => ({ ...each, retentionStatus: RetentionStatus.OBSOLETE }))),
        },
      },
      ['BACKUP_OBSOLETE at backup'],
    ],
    [
      'never for the latest backup where a later one has failed',
      { backup: 'latest', target: null },
      { server: { backups: seen([full, { ...newer, status: BackupStatus.FAILED }]) } },
      [],
    ],
    ['for an unknown backup', { backup: '20200101T000000' }, {}, ['UNKNOWN_BACKUP at backup']],
    [
      'for a backup that failed',
      { backup: FULL },
      withOne({ status: BackupStatus.FAILED }),
      ['BACKUP_FAILED at backup'],
    ],
    [
      'for one that is being made',
      { backup: FULL },
      withOne({ status: BackupStatus.STARTED }),
      ['BACKUP_NOT_COMPLETE at backup'],
    ],
    [
      'for one that Barman may remove',
      { backup: FULL },
      withOne({ retentionStatus: RetentionStatus.OBSOLETE }),
      ['BACKUP_OBSOLETE at backup'],
    ],
    ['never for that when it is kept', { backup: FULL }, withOne({ retentionStatus: RetentionStatus.KEEP_FULL }), []],
    ['for an assertion without a query', sql(' \n'), {}, ['BAD_ASSERTION at assertions']],
    ['for an assertion that is too long', sql('x'.repeat(10_001)), {}, ['BAD_ASSERTION at assertions']],
    ['never for one of 10,000 characters', sql('x'.repeat(10_000)), {}, []],
    [
      'for all of that at once',
      { server: 'other', ...sql('') },
      {},
      ['UNKNOWN_BACKUP_SERVER at server', 'BAD_ASSERTION at assertions'],
    ],
  ]
  test.each(cases)('%s', async (_, fields, world, expected) => {
    expect(await codes(fields, world)).toEqual(expected)
  })
})

describe('a tablespace', () => {
  const at = (location: string): Tablespace => ({ oid: 16387, name: 'fast', location })
  const withTablespaces = (ofBackup: readonly Tablespace[], now: readonly Tablespace[]): World => ({
    server: { backups: seen([full, { ...newer, tablespaces: ofBackup }]) },
    changes: {
      nodes: [{ ...LEADER, postgres: seen(postgresStatus({ inRecovery: false, tablespaces: now })) }, nodeOf('db2')],
    },
  })
  const ON_VOLUME = at('/var/lib/postgresql/17/fast')
  const ELSEWHERE = at('/mnt/fast')
  const misplaced = ['TABLESPACE_MISPLACED at null']
  const cases: [string, World, string[]][] = [
    ["on the node's volume is recovered", withTablespaces([ON_VOLUME], [ON_VOLUME]), []],
    ['of the backup on another volume is not', withTablespaces([ELSEWHERE], []), misplaced],
    [
      'that the cluster has now on another volume is not: it may come in the WAL',
      withTablespaces([], [ELSEWHERE]),
      misplaced,
    ],
    ['of both is told once', withTablespaces([ELSEWHERE], [ELSEWHERE]), misplaced],
    ['in a data directory is not', withTablespaces([at('/var/lib/postgresql/17/patroni1/fast')], []), misplaced],
  ]
  test.each(cases)('%s in place, and each is rehearsed', async (_, world, expected) => {
    expect(await recover({}, world)).toEqual(expected)
    expect(await rehearse({}, world)).toEqual([])
  })

  test.each(['a:b', ':'])('whose name Barman would take for another (%s) is restored by no kind', async (name) => {
    const world = withTablespaces([{ ...ON_VOLUME, name }], [])
    expect(await recover({ backup: NEWER }, world)).toEqual(['TABLESPACE_NAME at null'])
    expect(await rehearse({ backup: NEWER }, world)).toEqual(['TABLESPACE_NAME at null'])
    // The one before it reaches the target, too, and has no such tablespace.
    expect(await rehearse({}, world)).toEqual([])
    expect(await rehearse({}, withTablespaces([ON_VOLUME], [{ ...ON_VOLUME, name }]))).toEqual([])
  })

  test('is named in the refusal, with what to do', async () => {
    const [refusal] = await recoverCluster.check(recoveryOf({}, withTablespaces([ELSEWHERE], [])))
    expect(refusal?.message).toBe(
      'tablespace "fast" cannot be recovered in place: it lies in /mnt/fast, outside of the node\'s volume /var/lib/postgresql/17',
    )
    expect(refusal?.remedy).toContain('rehearseRecovery')
  })
})

describe('another recovery', () => {
  const rehearsal = (status: RecoveryStatus) => recoveryRecord({ mode: RecoveryMode.REHEARSAL, status })
  const inPlace = (status: RecoveryStatus) => recoveryRecord({ mode: RecoveryMode.IN_PLACE, status })
  const exists = ['RECOVERY_EXISTS at null']
  const { RESTORING, READY, COMPLETED, UNDONE, DISCARDED, FAILED } = RecoveryStatus
  const cases: [string, RecoveryRecord[], string[], string[]][] = [
    ['that is a rehearsal takes the place of rehearsals', [rehearsal(READY)], exists, []],
    ['that is in place takes the place of those', [inPlace(READY)], [], exists],
    ['takes its place from its beginning', [rehearsal(RESTORING), inPlace(RESTORING)], exists, exists],
    [
      'that has ended takes none',
      [COMPLETED, UNDONE, DISCARDED, FAILED].flatMap((each) => [rehearsal(each), inPlace(each)]),
      [],
      [],
    ],
  ]
  test.each(cases)('%s', async (_, recoveries, rehearsed, recovered) => {
    expect(await rehearse({}, { recoveries })).toEqual(rehearsed)
    expect(await recover({}, { recoveries })).toEqual(recovered)
  })

  test('is named in the remedy', async () => {
    const [refusal] = await rehearseRecovery.check(
      rehearsalOf({}, { recoveries: [recoveryRecord({ id: 'r1', status: READY })] }),
    )
    expect(refusal?.remedy).toContain('discardRecovery(input: {recovery: "r1"})')
  })
})

describe('the disk of the Barman host', () => {
  const free = (freeBytes: number): World => ({
    server: { disk: seen({ usedBytes: 0, freeBytes, totalBytes: freeBytes }) },
  })
  // The backup's files and a twentieth more, and the WAL from where it begins up to the target.
  const files = 770e6 * 1.05
  const needed = files + 11 * 16 * 1024 ** 2
  // 200 segments from the backup on: PostgreSQL keeps a gibibyte of them at one time.
  const long = (freeBytes: number): World => ({
    server: {
      ...free(freeBytes).server,
      backups: seen([backupOf(LAST - 200, LAST - 199)]),
      wal: seen(walOf({ 1: range(LAST - 200, LAST - 1) })),
    },
  })
  const full = ['NOT_ENOUGH_DISK at null']
  const cases: [string, World, string[]][] = [
    ['has room for the copy', free(needed), []],
    ['is a byte too small', free(needed - 1), full],
    ['has room for a gibibyte of WAL, which is enough', long(files + 1024 ** 3), []],
    ['is a byte too small for that', long(files + 1024 ** 3 - 1), full],
    ['is not known', { server: { disk: away() } }, []],
  ]
  test.each(cases)('%s', async (_, world, expected) => {
    expect(await rehearse({}, world)).toEqual(expected)
  })

  test('is of no interest for what goes to a node', async () => {
    expect(await recover({}, free(1))).toEqual([])
  })

  test('is asked for where nothing else speaks against it', async () => {
    expect(await rehearse(sql(''), free(1))).toEqual(['BAD_ASSERTION at assertions'])
  })
})

describe('the node that is recovered to', () => {
  const gone = (name: string, error = 'timeout'): World => ({
    changes: {
      nodes: [LEADER, nodeOf('db2'), nodeOf('db3')].map((each) =>
        each.name === name ? { ...each, patroni: away(error) } : each,
      ),
    },
  })
  const paused: World = { changes: { topology: seen(topologyOf({ paused: true })) } }
  const leaderless: World = { changes: { topology: seen(topologyOf({ leader: null })) } }
  const unseen: World = { changes: { topology: away('no quorum') } }
  const cases: [string, Partial<RecoverClusterInput>, World, string[]][] = [
    ['is any that answers', { node: 'db2' }, {}, []],
    ['is there', { node: 'db9' }, {}, ['UNKNOWN_NODE at node']],
    ['answers', { node: 'db2' }, gone('db2'), ['NODE_UNREACHABLE at node']],
    ['answers where it is the leader, which was not named', {}, gone('db1'), ['NODE_UNREACHABLE at node']],
    ['is one of a cluster that has a leader', {}, leaderless, ['NO_LEADER at null']],
    ['is one of a cluster whose leader is known', { node: 'db2' }, unseen, ['TOPOLOGY_UNKNOWN at null']],
    ['is the only one that has to answer before a cut-over', { node: 'db2' }, gone('db3'), []],
    ['may be in a cluster that is paused before a cut-over', {}, paused, []],
  ]
  test.each(cases)('%s', async (_, fields, world, expected) => {
    expect(await recover(fields, world)).toEqual(expected)
    expect(await recover({ ...fields, cutOver: CutOver.MANUAL }, world)).toEqual(expected)
  })

  const atOnce: [string, Partial<RecoverClusterInput>, World, string[]][] = [
    ['is any that answers', { node: 'db2' }, {}, []],
    ['is in a cluster that is not paused', {}, paused, ['CLUSTER_PAUSED at null']],
    ['is one of nodes that all answer', { node: 'db2' }, gone('db3'), ['NODE_UNREACHABLE at null']],
    ['is there', { node: 'db9' }, {}, ['UNKNOWN_NODE at node']],
    ['is one of a cluster that has a leader', {}, leaderless, ['NO_LEADER at null']],
  ]
  test.each(atOnce)('and leads at once %s', async (_, fields, world, expected) => {
    // What speaks against both, the recovery and its cut-over, is said for each.
    expect([...new Set(await recover({ ...fields, cutOver: CutOver.AUTOMATIC }, world))]).toEqual(expected)
  })

  test.each([gone('db1'), paused, leaderless, unseen])('is of no interest for a rehearsal (%#)', async (world) => {
    expect(await rehearse({}, world)).toEqual([])
  })
})
