import { describe, expect, it } from 'vitest'
import { parsePatroniCluster } from '../../../src/clients/patroni/patroni-cluster.ts'
import { parsePatroniHistory } from '../../../src/clients/patroni/patroni-history.ts'
import { parsePatroniKeys } from '../../../src/clients/patroni/patroni-keys.ts'
import { parsePatroniStatus } from '../../../src/clients/patroni/patroni-status.ts'
import { lsnOf, stateOf, timeOf, versionOf } from '../../../src/clients/patroni/patroni-words.ts'
import { NodeRole, NodeState } from '../../../src/domain/cluster/node.ts'
import { UnexpectedAnswerError } from '../../../src/domain/errors.ts'
import { formatLsn } from '../../../src/domain/wal/lsn.ts'
import { fixture } from './fixture.ts'

const KEYS = new Map<string, string>(Object.entries(JSON.parse(fixture('patroni-keys.json'))))

function keysWith(changes: Record<string, string | null>): Map<string, string> {
  const keys = new Map(KEYS)
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) keys.delete(key)
    else keys.set(key, value)
  }
  return keys
}

describe("a node's own status", () => {
  it('tells a primary from what GET /patroni answers', () => {
    const status = parsePatroniStatus('Patroni db2', JSON.parse(fixture('patroni-primary.json')))
    expect(status).toMatchObject({
      role: NodeRole.LEADER,
      state: NodeState.RUNNING,
      postgresVersion: '17.11',
      patroniVersion: '4.0.7',
      systemIdentifier: '7711071424179195956',
      receivedLsn: null,
      pendingRestart: false,
    })
    expect(status.lsn).toBeTypeOf('bigint')
  })

  it('tells a streaming replica and how far it is', () => {
    const status = parsePatroniStatus('Patroni db1', JSON.parse(fixture('patroni-replica.json')))
    expect(status).toMatchObject({ role: NodeRole.REPLICA, state: NodeState.STREAMING, lsn: null, replayPaused: false })
    expect(status.startedAt?.toISOString()).toBe('2026-11-22T19:11:40.670Z')
    expect(formatLsn(status.replayedLsn ?? 0n)).toBe('0/4DE26DC0')
  })

  it('tells a synchronous standby', () => {
    const answer = { ...JSON.parse(fixture('patroni-replica.json')), sync_standby: true }
    expect(parsePatroniStatus('Patroni db1', answer).role).toBe(NodeRole.SYNC_STANDBY)
  })

  it('is told without PostgreSQL too', () => {
    const status = parsePatroniStatus('Patroni db1', {
      state: 'stopped',
      role: 'replica',
      patroni: { version: '4.0.7' },
    })
    expect(status).toMatchObject({ state: NodeState.STOPPED, postgresVersion: null, timeline: null })
  })

  it('is refused with the place of the fault when it is something else', () => {
    expect(() => parsePatroniStatus('Patroni db1', { state: 7 })).toThrow(UnexpectedAnswerError)
    expect(() => parsePatroniStatus('Patroni db1', { state: 7 })).toThrow(/state/)
  })
})

describe("Patroni's keys", () => {
  it('are the topology', () => {
    const topology = parsePatroniKeys('etcd', KEYS)
    const leader = topology.leader ?? ''
    expect(topology.systemIdentifier).toBe('7711071424179195956')
    expect(topology.members.get(leader)?.role).toBe(NodeRole.LEADER)
    expect([...topology.members.keys()]).toEqual(['db1', 'db2', 'db3', 'db4'])
    expect(topology.configuration['ttl']).toBe(30)
    expect(topology.timelineHistory[0]).toMatchObject({ timeline: 1, lsn: 352321696n, newLeader: 'db1' })
    expect(topology).toMatchObject({ paused: false, scheduledSwitchover: null, syncStandbys: [] })
  })

  it('without a leader key make no node the leader, whatever a member wrote of itself', () => {
    const topology = parsePatroniKeys('etcd', keysWith({ leader: null }))
    expect(topology.leader).toBeNull()
    expect([...topology.members.values()].map(({ role }) => role)).not.toContain(NodeRole.LEADER)
  })

  it('tell which members have noticed a pause', () => {
    const noticed = '{"state":"running","role":"replica","pause":true}'
    const { members } = parsePatroniKeys('etcd', keysWith({ 'members/db1': noticed }))
    expect([...members.values()].filter(({ paused }) => paused).map(({ name }) => name)).toEqual(['db1'])
  })

  it('tell of a pause, a scheduled switchover and synchronous standbys', () => {
    const topology = parsePatroniKeys(
      'etcd',
      keysWith({
        leader: 'db2',
        config: '{"pause":true,"synchronous_mode":true}',
        failover: '{"leader":"db2","member":"db3","scheduled_at":"2026-11-23T01:00:00+02:00"}',
        sync: '{"leader":"db2","sync_standby":"db3,DB4"}',
      }),
    )
    expect(topology.paused).toBe(true)
    expect(topology.scheduledSwitchover).toEqual({ from: 'db2', to: 'db3', at: new Date('2026-11-22T23:00:00Z') })
    expect(topology.members.get('db3')?.role).toBe(NodeRole.SYNC_STANDBY)
    expect(topology.members.get('db4')?.role).toBe(NodeRole.SYNC_STANDBY)
    expect(topology.members.get('db1')?.role).toBe(NodeRole.REPLICA)
  })

  it('of a cluster that is only being made are a topology too', () => {
    const topology = parsePatroniKeys('etcd', new Map())
    expect(topology).toMatchObject({ leader: null, systemIdentifier: null, configuration: {}, timelineHistory: [] })
  })

  it('that hold something else are refused, and the key is named', () => {
    expect(() => parsePatroniKeys('etcd', keysWith({ 'members/db1': 'x' }))).toThrow(/members\/db1/)
  })
})

it('GET /cluster tells members, even with an unknown lag', () => {
  const answer = JSON.parse(fixture('patroni-cluster.json'))
  answer.members[0].lag = 'unknown'
  answer.scheduled_switchover = { at: '2026-11-23T01:00:00+00:00', from: 'db2' }
  const cluster = parsePatroniCluster('Patroni db1', answer)
  expect(cluster.members.size).toBe(4)
  expect(cluster.members.get(cluster.leader ?? '')?.role).toBe(NodeRole.LEADER)
  expect(cluster.scheduledSwitchover).toEqual({ from: 'db2', to: null, at: new Date('2026-11-23T01:00:00Z') })
})

it('the history is the same over REST, with and without its optional columns', () => {
  expect(parsePatroniHistory('Patroni db1', JSON.parse(fixture('patroni-history.json'))).length).toBeGreaterThan(1)
  expect(parsePatroniHistory('Patroni db1', [[1, 5, 'no recovery target specified']])).toEqual([
    { timeline: 1, lsn: 5n, reason: 'no recovery target specified', at: null, newLeader: null },
  ])
})

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
