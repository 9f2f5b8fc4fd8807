import { describe, expect, test } from 'vitest'
import { CreateBackupInput } from '../../../src/operations/backups/create-backup/create-backup-input.ts'
import { KeepBackupInput } from '../../../src/operations/backups/keep-backup/keep-backup-input.ts'
import { SwitchoverInput } from '../../../src/operations/leadership/switchover/switchover-input.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import { DiscardRecoveryInput } from '../../../src/operations/recovery/discard-recovery/discard-recovery-input.ts'
import { CheckConnectivityInput } from '../../../src/operations/services/check-connectivity/check-connectivity-input.ts'
import { takeNames } from '../../../src/operations/take-names.ts'

type Fields = Readonly<Record<string, unknown>>

const INPUTS = {
  switchover: SwitchoverInput,
  createBackup: CreateBackupInput,
  keepBackup: KeepBackupInput,
  discardRecovery: DiscardRecoveryInput,
  checkConnectivity: CheckConnectivityInput,
}
type Kind = keyof typeof INPUTS

function taken(kind: Kind, fields: Fields) {
  const input: OperationInput = Object.assign(new INPUTS[kind](), fields)
  return { refusals: takeNames(input), fields: { ...input } }
}

describe('what is named by a global id', () => {
  test.each<[Kind, Fields, Fields]>([
    ['switchover', { candidate: 'PostgresNode:patroni/db2' }, { candidate: 'db2', cluster: 'patroni' }],
    ['switchover', { candidate: 'db2', cluster: 'Cluster:patroni' }, { candidate: 'db2', cluster: 'patroni' }],
    ['createBackup', { server: 'BackupServer:blue/other' }, { server: 'other', cluster: 'blue' }],
    ['createBackup', { server: 'BackupServer:other' }, { server: 'other' }],
    [
      'keepBackup',
      { backupId: 'Backup:blue/other/20261122T171311' },
      { backupId: '20261122T171311', server: 'other', cluster: 'blue' },
    ],
    [
      'keepBackup',
      { backupId: 'Backup:blue/other/20261122T171311', server: 'BackupServer:blue/other', cluster: 'Cluster:blue' },
      { backupId: '20261122T171311', server: 'other', cluster: 'blue' },
    ],
    [
      'createBackup',
      { parent: 'Backup:patroni/20261122T171311', server: 'patroni' },
      { parent: '20261122T171311', server: 'patroni' },
    ],
    ['keepBackup', { backupId: 'Backup:patroni/20261122T171311' }, { backupId: '20261122T171311', server: 'patroni' }],
    ['discardRecovery', { recovery: 'Recovery:r1' }, { recovery: 'r1' }],
    [
      'checkConnectivity',
      { from: 'Service:patroni/api', to: 'Service:patroni/db1' },
      { from: 'api', to: 'db1', cluster: 'patroni' },
    ],
  ])('in %s %j is taken as %j', (kind, fields, expected) => {
    expect(taken(kind, fields)).toEqual({ refusals: [], fields: expect.objectContaining(expected) })
  })

  test.each<[Kind, Fields]>([
    ['switchover', { candidate: 'db2', reason: 'PostgresNode:patroni/db2 is the newer machine' }],
    ['switchover', { candidate: 'a:b' }],
    ['switchover', { candidate: null }],
    ['createBackup', { parent: 'latest' }],
  ])('in %s %j stays as it is', (kind, fields) => {
    expect(taken(kind, fields)).toEqual({ refusals: [], fields: expect.objectContaining(fields) })
  })

  test.each<[Kind, Fields, string, string]>([
    ['switchover', { candidate: 'Service:patroni/db2' }, 'candidate', 'is the id of a Service, not of a PostgresNode'],
    ['keepBackup', { backupId: 'Recovery:r1' }, 'backupId', 'is the id of a Recovery, not of a Backup'],
    [
      'switchover',
      { candidate: 'PostgresNode:other/db2', cluster: 'patroni' },
      'candidate',
      'candidate belongs to cluster other, and cluster is "patroni"',
    ],
    [
      'checkConnectivity',
      { from: 'Service:patroni/api', to: 'Service:other/db1' },
      'to',
      'to belongs to cluster other, and cluster is "patroni"',
    ],
    [
      'keepBackup',
      { backupId: 'Backup:other/20261122T171311', server: 'patroni' },
      'backupId',
      'backupId belongs to server other, and server is "patroni"',
    ],
    [
      'keepBackup',
      { backupId: 'Backup:blue/patroni/20261122T171311', cluster: 'green' },
      'backupId',
      'backupId belongs to cluster blue, and cluster is "green"',
    ],
  ])('in %s %j is refused', (kind, fields, field, message) => {
    const refusal = { code: 'INVALID_INPUT', field, message: expect.stringContaining(message), retryable: false }
    expect(taken(kind, fields).refusals).toMatchObject([refusal])
  })
})
