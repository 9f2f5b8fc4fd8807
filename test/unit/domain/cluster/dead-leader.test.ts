import { expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { findDeadLeader } from '../../../../src/domain/cluster/dead-leader.ts'
import { ServiceState } from '../../../../src/domain/cluster/node.ts'
import { clusterOf, serviceOf, servicesAway, servicesSeen, topologyOf } from '../../../support/builders/cluster.ts'
import { away, seen } from '../../../support/builders/observed.ts'

const services = (state: ServiceState) =>
  servicesSeen([serviceOf('db1', { state }), serviceOf('db2'), serviceOf('db3')])

test.each([ServiceState.EXITED, ServiceState.DEAD])('is certain of a leader whose container is %s', (state) => {
  expect(findDeadLeader(clusterOf({ services: services(state) }))).toMatchObject({ node: 'db1', containerId: 'c' })
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
    { services: servicesAway([serviceOf('db1', { state: ServiceState.EXITED })]) },
  ],
  ['is dead, but the cluster is paused', { services: dead, topology: seen(topologyOf({ paused: true })) }],
  ['is dead, but does not hold the lock', { services: dead, topology: seen(topologyOf({ leader: 'db2' })) }],
  ['is dead, but no node holds the lock', { services: dead, topology: seen(topologyOf({ leader: null })) }],
  ['is dead, but etcd cannot be read', { services: dead, topology: away('no quorum', topologyOf()) }],
])('is not certain of a leader that %s', (_, changes) => {
  expect(findDeadLeader(clusterOf(changes))).toBeNull()
})
