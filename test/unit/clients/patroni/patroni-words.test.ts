import { expect, it } from 'vitest'
import { lsnOf, stateOf, timeOf, versionOf } from '../../../../src/clients/patroni/patroni-words.ts'
import { NodeState } from '../../../../src/domain/cluster/node.ts'

it.each([
  ['running', 'streaming', NodeState.STREAMING],
  ['running', 'in archive recovery', NodeState.IN_ARCHIVE_RECOVERY],
  ['stopped', 'streaming', NodeState.STOPPED],
  ['start failed', null, NodeState.STOPPED],
  ['stop failed', null, NodeState.RUNNING],
  ['something new', null, NodeState.UNKNOWN],
])('the state "%s" with replication "%s" is %s', (state, replication, expected) => {
  expect(stateOf(state, replication)).toBe(expected)
})

it('positions, times and versions are read in every form that Patroni writes', () => {
  expect([lsnOf(0), lsnOf('unknown'), lsnOf('0/10'), lsnOf(16), lsnOf(null)]).toEqual([null, null, 16n, 16n, null])
  expect(timeOf('2026-11-22 18:47:17.620327+00:00')).toEqual(new Date('2026-11-22T18:47:17.620Z'))
  expect(timeOf('never')).toBeNull()
  expect(versionOf(170011)).toBe('17.11')
})
