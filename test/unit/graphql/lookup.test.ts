import { describe, expect, test } from 'vitest'
import { backupServerNamed, clusterSource, findBackupServer, serviceSource } from '../../../src/graphql/lookup.ts'
import type { ClusterSource } from '../../../src/graphql/request-context.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { FakeClusterSource } from '../../support/fakes/fake-cluster-source.ts'

const one = clusterOf()
const services = (...names: string[]) =>
  one.services.slice(0, names.length).map((service, index) => ({ ...service, name: names[index] ?? '' }))

function clusters(...names: string[]): ReadonlyMap<string, ClusterSource> {
  return new Map(
    names.map((name) => [name, new FakeClusterSource({ ...one, name, services: services('db1', `${name}-only`) })]),
  )
}

const REQUIRED = { code: 'CLUSTER_REQUIRED', remedy: 'Name one: blue, green.' }

describe('where one cluster is configured', () => {
  const deps = { clusters: clusters('blue') }

  test('it is meant when none is named', () => {
    expect(clusterSource(deps, null).current().name).toBe('blue')
    expect(serviceSource(deps, 'db1', null).current().name).toBe('blue')
    expect(backupServerNamed(deps, {}).cluster.name).toBe('blue')
  })

  test('another one is NOT_FOUND', () => {
    expect(() => clusterSource(deps, 'green')).toThrow('there is no cluster "green"')
  })
})

describe('where several are', () => {
  const deps = { clusters: clusters('blue', 'green') }

  test('none of them is the usual one', () => {
    for (const look of [
      () => clusterSource(deps, null),
      () => serviceSource(deps, 'db1', null),
      () => serviceSource(deps, 'nowhere', null),
      () => backupServerNamed(deps, {}),
    ]) {
      expect(look).toThrow(expect.objectContaining(REQUIRED))
    }
  })

  test('a Barman server of a name that both have is found by its cluster', () => {
    const name = one.backupServers[0]?.name ?? ''
    expect(findBackupServer(deps, { cluster: 'green', name })?.cluster.name).toBe('green')
    expect(backupServerNamed(deps, { cluster: 'green' }).cluster.name).toBe('green')
    expect(() => backupServerNamed(deps, { name })).toThrow(expect.objectContaining(REQUIRED))
    expect(findBackupServer(deps, { cluster: 'grey', name })).toBeNull()
    expect(findBackupServer(deps, { cluster: null, name: 'none' })).toBeNull()
  })

  test('each is found by its name, and a service by its own where one cluster alone has it', () => {
    expect(clusterSource(deps, 'green').current().name).toBe('green')
    expect(serviceSource(deps, 'db1', 'green').current().name).toBe('green')
    expect(serviceSource(deps, 'green-only', null).current().name).toBe('green')
  })
})
