import { expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { findDeadLeader } from '../../../../src/domain/cluster/dead-leader.ts'
import { NodeRole, NodeState, ServiceState } from '../../../../src/domain/cluster/node.ts'
import {
  clusterOf,
  memberOf,
  serviceOf,
  servicesAway,
  servicesSeen,
  topologyOf,
} from '../../../support/builders/cluster.ts'
import { away, seen } from '../../../support/builders/observed.ts'

const ID = `0123456789ab${'c'.repeat(52)}`
const OTHER_ID = `${'d'.repeat(12)}${'c'.repeat(52)}`
const services = (state: ServiceState, containerId = ID) =>
  servicesSeen([serviceOf('db1', { state, containerId }), serviceOf('db2'), serviceOf('db3')])
const topology = (tags: Readonly<Record<string, unknown>>, changes = {}) => {
  const leader = memberOf('db1', { role: NodeRole.LEADER, state: NodeState.RUNNING, tags })
  return topologyOf({ members: new Map([leader, memberOf('db2')].map((member) => [member.name, member])), ...changes })
}
const ITS = { howdah_container: ID.slice(0, 12) }

test.each([ServiceState.EXITED, ServiceState.DEAD])('is certain of a leader whose own container is %s', (state) => {
  const cluster = clusterOf({ services: services(state), topology: seen(topology({ ...ITS, nofailover: true })) })
  expect(findDeadLeader(cluster)).toMatchObject({ node: 'db1', containerId: ID })
})

const dead = services(ServiceState.EXITED)
test.each<[string, Partial<ClusterSnapshot>]>([
  ['runs', { services: services(ServiceState.RUNNING) }],
  ['is frozen', { services: services(ServiceState.PAUSED) }],
  ['is being restarted', { services: services(ServiceState.RESTARTING) }],
  ['has just been created', { services: services(ServiceState.CREATED) }],
  ['is being removed', { services: services(ServiceState.REMOVING) }],
  ['is not there at all', { services: services(ServiceState.MISSING) }],
  [
    'was dead when Docker could last be asked',
    { services: servicesAway(dead.flatMap(({ status }) => status.value ?? [])) },
  ],
  ['is dead, but the cluster is paused', { services: dead, topology: seen(topology(ITS, { paused: true })) }],
  ['is dead, but does not hold the lock', { services: dead, topology: seen(topology(ITS, { leader: 'db2' })) }],
  ['is dead, but no node holds the lock', { services: dead, topology: seen(topology(ITS, { leader: null })) }],
  ['is dead, but etcd cannot be read', { services: dead, topology: away('no quorum', topology(ITS)) }],
  [
    'leads elsewhere, while an old container of its service has ended',
    { services: services(ServiceState.EXITED, OTHER_ID) },
  ],
  [
    'has taken the lock in a newer container',
    { services: dead, topology: seen(topology({ howdah_container: OTHER_ID.slice(0, 12) })) },
  ],
  ['does not say in which container it runs', { services: dead, topology: seen(topology({})) }],
  ['says it in too few digits', { services: dead, topology: seen(topology({ howdah_container: '0' })) }],
  ['says nothing in it', { services: dead, topology: seen(topology({ howdah_container: '' })) }],
  ['has no member key', { services: dead, topology: seen(topology(ITS, { members: new Map() })) }],
])('is not certain of a leader that %s', (_, changes) => {
  expect(findDeadLeader(clusterOf({ topology: seen(topology(ITS)), ...changes }))).toBeNull()
})
