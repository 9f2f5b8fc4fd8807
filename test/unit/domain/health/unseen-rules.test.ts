import { describe, expect, it } from 'vitest'
import { assessHealth } from '../../../../src/domain/health/health.ts'
import { clusterOf, serviceOf, servicesAway, servicesSeen } from '../../../support/builders/cluster.ts'
import { NOW } from '../../../support/builders/observed.ts'

describe('containers that cannot be seen', () => {
  const own = ['etcd1', 'db1'].map((name) => serviceOf(name))
  const far = ['db2', 'db3'].map((name) => serviceOf(name))
  const at = (docker: string, services: ReturnType<typeof servicesSeen>) =>
    services.map((service) => ({ ...service, docker }))

  function idsOf(services: ReturnType<typeof servicesSeen>): string[] {
    const { issues } = assessHealth(clusterOf({ services }), NOW)
    return issues.filter(({ code }) => code === 'NOT_OBSERVED').map(({ id }) => id)
  }

  it.each(['http://docker-proxy:2375', 'unix:///var/run/docker.sock'])(
    "are one issue, whichever process looks: one that reaches the cluster's own engine at %s",
    (docker) => {
      expect(idsOf(at(docker, servicesAway(own)))).toEqual(['HealthIssue:patroni/NOT_OBSERVED/containers'])
    },
  )

  it('are an issue for each engine, named by its first service', () => {
    const away = at('http://far:2375', servicesAway(far))
    const both = [...at('unix:///a', servicesAway(own)), ...away]
    const elsewhere = [...at('unix:///a', servicesSeen(own)), ...away]
    const distant = 'HealthIssue:patroni/NOT_OBSERVED/containers-of-db2'
    expect(idsOf(both)).toEqual(['HealthIssue:patroni/NOT_OBSERVED/containers', distant])
    expect(idsOf(elsewhere)).toEqual([distant])
  })

  it('keep their issue while some of them are seen again', () => {
    const [first, second] = at('http://far:2375', servicesAway(far))
    const seenAgain = at('http://far:2375', servicesSeen(far)).slice(0, 1)
    if (first === undefined || second === undefined) throw new Error('there are two')
    const begun = [...at('unix:///a', servicesSeen(own)), first, second]
    const partial = [...at('unix:///a', servicesSeen(own)), ...seenAgain, second]
    expect(idsOf(partial)).toEqual(idsOf(begun))
  })
})
