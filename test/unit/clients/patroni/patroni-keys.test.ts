import { describe, expect, it } from 'vitest'
import { parsePatroniKeys } from '../../../../src/clients/patroni/patroni-keys.ts'
import { NodeRole } from '../../../../src/domain/cluster/node.ts'
import { fixture } from '../../../support/builders/fixture.ts'

const KEYS = new Map<string, string>(Object.entries(JSON.parse(fixture('patroni-keys.json'))))

function keysWith(changes: Record<string, string | null>): Map<string, string> {
  const keys = new Map(KEYS)
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) keys.delete(key)
    else keys.set(key, value)
  }
  return keys
}

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
