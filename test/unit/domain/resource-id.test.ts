import { describe, expect, it } from 'vitest'
import { bareName, formatGlobalId, parseGlobalId } from '../../../src/domain/resource-id.ts'

describe('global ids', () => {
  it.each([
    ['Cluster:patroni', 'Cluster', { cluster: 'patroni' }, 'patroni'],
    ['PostgresNode:patroni/db2', 'PostgresNode', { cluster: 'patroni', node: 'db2' }, 'db2'],
    ['BackupServer:blue/main', 'BackupServer', { cluster: 'blue', server: 'main' }, 'main'],
    ['Backup:blue/main/2026', 'Backup', { cluster: 'blue', server: 'main', backupId: '2026' }, '2026'],
    ['Operation:01J:x', 'Operation', { id: '01J:x' }, '01J:x'],
  ])('are read: %s', (text, type, named, name) => expect(parseGlobalId(text)).toEqual({ type, named, name }))

  it.each([
    ['BackupServer:main', { cluster: null, server: 'main' }],
    ['Backup:main/2026', { cluster: null, server: 'main', backupId: '2026' }],
    ['WalSegment:main/0001', { cluster: null, server: 'main', name: '0001' }],
    ['RecoveryWindow:main/2026/3', { cluster: null, server: 'main', backupId: '2026', timeline: '3' }],
  ])('of before they carried the cluster are read: %s', (text, named) =>
    expect(parseGlobalId(text)).toMatchObject({ named }),
  )

  it.each([
    '',
    'Cluster',
    'Cluster:',
    'Cluster:a/b',
    'PostgresNode:db2',
    'Backup:2026',
    'WalSegment:a/b/c/d',
    'PostgresNode:/db2',
    'Nothing:x',
    'toString:x',
  ])('are refused: "%s"', (text) => expect(() => parseGlobalId(text)).toThrow('is not an id'))

  it('come back as they were written', () => {
    expect(formatGlobalId('Service', 'patroni', 'haproxy')).toBe('Service:patroni/haproxy')
    const id = formatGlobalId('WalSegment', 'blue', 'main', '000000010000000000000007')
    expect(parseGlobalId(id).name).toBe('000000010000000000000007')
  })

  it('say the name that a person would type, and leave what is none as it is', () => {
    expect(bareName('Recovery', 'Recovery:r1')).toBe('r1')
    for (const text of ['r1', 'Operation:r1', 'a:b']) expect(bareName('Recovery', text)).toBe(text)
  })

  it('hold no part that would read as two', () => expect(() => formatGlobalId('Cluster', 'a/b')).toThrow())
})
