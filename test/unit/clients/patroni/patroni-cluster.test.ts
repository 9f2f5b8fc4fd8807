import { expect, it } from 'vitest'
import { parsePatroniCluster } from '../../../../src/clients/patroni/patroni-cluster.ts'
import { NodeRole } from '../../../../src/domain/cluster/node.ts'
import { fixture } from '../../../support/builders/fixture.ts'

it('GET /cluster tells members, even with an unknown lag', () => {
  const answer = JSON.parse(fixture('patroni-cluster.json'))
  answer.members[0].lag = 'unknown'
  answer.scheduled_switchover = { at: '2026-11-23T01:00:00+00:00', from: 'db2' }
  const cluster = parsePatroniCluster('Patroni db1', answer)
  expect(cluster.members.size).toBe(4)
  expect(cluster.members.get(cluster.leader ?? '')?.role).toBe(NodeRole.LEADER)
  expect(cluster.scheduledSwitchover).toEqual({ from: 'db2', to: null, at: new Date('2026-11-23T01:00:00Z') })
})
