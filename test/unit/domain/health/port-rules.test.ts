import { describe, expect, it, test } from 'vitest'
import type { HostPort, HostPorts, ServiceSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { ServiceState } from '../../../../src/domain/cluster/node.ts'
import { assessHealth, HealthStatus, healthContext, isKnownGone } from '../../../../src/domain/health/health.ts'
import { clusterOf, serviceOf, servicesAway, servicesSeen } from '../../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../../support/builders/observed.ts'

const HERE = 'unix:///docker.sock'
const LATER = new Date(NOW.getTime() + 1)
const at = (address: string, port: number): HostPort => ({ address, port })
const lookedAt = (...value: HostPort[]) => ({ docker: HERE, listening: { ...seen(value), at: LATER } })

function lostPorts(services: readonly ServiceSnapshot[], hostPorts: ReturnType<typeof lookedAt>) {
  const { issues } = assessHealth(clusterOf({ services, hostPorts }), NOW)
  return issues.filter(({ code }) => code === 'PUBLISHED_PORT_LOST')
}

const api = (changes = {}) => serviceOf('api', { ports: ['127.0.0.1:4000->4000/tcp'], ...changes })
const haproxy = serviceOf('haproxy', { ports: ['0.0.0.0:5000->5000/tcp', ':::5001->5001/tcp'] })

describe('a published port on which nothing listens', () => {
  it('is CRITICAL for the API, whose remedy is on the host, and for the way to PostgreSQL', () => {
    const found = lostPorts(servicesSeen([api(), haproxy], HERE), lookedAt(at('0.0.0.0', 5000)))
    expect(found).toMatchObject([
      {
        severity: HealthStatus.CRITICAL,
        subject: 'Service:patroni/api',
        message: expect.stringContaining('127.0.0.1:4000'),
        remedy: expect.stringContaining('docker compose restart api'),
      },
      {
        severity: HealthStatus.CRITICAL,
        message: expect.stringContaining(':::5001 any more'),
        remedy: expect.stringContaining('restartService(input: {service: "haproxy"})'),
      },
    ])
  })

  it('is DEGRADED for any other', () => {
    const etcd = serviceOf('etcd1', { ports: ['127.0.0.1:23791->2379/tcp'] })
    expect(lostPorts(servicesSeen([etcd], HERE), lookedAt())).toMatchObject([{ severity: HealthStatus.DEGRADED }])
  })
})

test.each<[string, ServiceSnapshot[], ReturnType<typeof lookedAt>]>([
  ['is listened on there', servicesSeen([api()], HERE), lookedAt(at('127.0.0.1', 4000))],
  ['is listened on at every address', servicesSeen([api()], HERE), lookedAt(at('::', 4000))],
  ['is of a service that does not run', servicesSeen([api({ state: ServiceState.EXITED })], HERE), lookedAt()],
  ['is of a service that was started after the look', servicesSeen([api({ since: LATER })], HERE), lookedAt()],
  ['is of a container that cannot be seen', servicesAway([api()]), lookedAt()],
  ['is on another host', servicesSeen([api()], 'http://far:2375'), lookedAt()],
  ['is not of TCP', servicesSeen([api({ ports: ['127.0.0.1:53->53/udp'] })], HERE), lookedAt()],
])('no port is called lost that %s', (_, services, hostPorts) => {
  expect(lostPorts(services, hostPorts)).toEqual([])
})

it('where the host cannot be looked at, that is UNKNOWN; where it is not looked at, nothing is said', () => {
  const services = servicesSeen([api()], HERE)
  const unseen = assessHealth(
    clusterOf({ services, hostPorts: { docker: HERE, listening: away('no such file') } }),
    NOW,
  )
  expect(unseen.issues.filter(({ severity }) => severity === HealthStatus.UNKNOWN)).toMatchObject([
    { code: 'NOT_OBSERVED', message: expect.stringContaining('published ports are listened on: no such file') },
  ])
  const { status } = assessHealth(clusterOf({ services, hostPorts: null }), NOW)
  expect(status).toBe(HealthStatus.HEALTHY)
})

test.each<[string, ServiceSnapshot[], HostPorts['listening'], boolean]>([
  ['a look that finds the port', servicesSeen([api()], HERE), lookedAt(at('127.0.0.1', 4000)).listening, true],
  ['a look from before it was started', servicesSeen([api({ since: LATER })], HERE), lookedAt().listening, false],
  // A process that has just begun may have looked at the host first.
  ['a look from before its container was first seen', servicesSeen([api()], HERE), seen([]), false],
  ['no look', servicesSeen([api()], HERE), away('no such file'), false],
  ['a container that cannot be seen', servicesAway([api()]), lookedAt().listening, false],
  ['a service that is not configured any more', [], lookedAt().listening, true],
])('by %s a lost port is known to be gone, or not', (_, services, listening, expected) => {
  const context = healthContext(clusterOf({ services, hostPorts: { docker: HERE, listening } }), NOW)
  expect(isKnownGone({ code: 'PUBLISHED_PORT_LOST', subject: 'Service:patroni/api' }, context)).toBe(expected)
})
