import { describe, expect, it } from 'vitest'
import { formatGlobalId, parseGlobalId } from '../../../src/domain/resource-id.ts'

describe('global ids', () => {
  it.each([
    ['Cluster:patroni', 'Cluster', ['patroni']],
    ['PostgresNode:patroni/db2', 'PostgresNode', ['patroni', 'db2']],
    ['Backup:patroni/20261122T171311', 'Backup', ['patroni', '20261122T171311']],
    ['Operation:01J:x', 'Operation', ['01J:x']],
  ])('are read: %s', (text, type, path) => expect(parseGlobalId(text)).toEqual({ type, path }))

  it.each([
    '',
    'Cluster',
    'Cluster:',
    'Cluster:a/b',
    'PostgresNode:db2',
    'PostgresNode:/db2',
    'Nothing:x',
    'toString:x',
  ])('are refused: "%s"', (text) => expect(() => parseGlobalId(text)).toThrow('is not an id'))

  it('come back as they were written', () => {
    expect(formatGlobalId('Service', 'patroni', 'haproxy')).toBe('Service:patroni/haproxy')
    expect(parseGlobalId(formatGlobalId('WalSegment', 'patroni', '000000010000000000000007')).path[1]).toHaveLength(24)
  })

  it('hold no part that would read as two', () => expect(() => formatGlobalId('Cluster', 'a/b')).toThrow())
})
