import { describe, expect, test } from 'vitest'
import { findDuplicates } from '../../../src/config/find-duplicates.ts'
import type { ClusterLayout } from '../../../src/domain/cluster/cluster-layout.ts'
import { layout } from '../../support/builders/layout.ts'

/** A cluster of its own: nothing in it has a name that another one has. */
function cluster(name: string): ClusterLayout {
  return {
    ...layout,
    name,
    nodes: layout.nodes.map((node) => ({ ...node, apiUrl: `http://${name}-${node.name}:8008` })),
    backupServers: layout.backupServers.map((server) => ({ ...server, name })),
    services: layout.services.map((service) => ({ ...service, container: `${name}-${service.name}` })),
  }
}

const blue = cluster('blue')
const green = cluster('green')

describe('clusters that are told apart', () => {
  test('have no name twice, though their nodes are called the same', () => {
    expect(findDuplicates([blue])).toEqual([])
    expect(findDuplicates([blue, green])).toEqual([])
  })

  test('may call their Barman servers the same, on hosts of their own', () => {
    const named = blue.backupServers.map((server) => ({ ...server, host: 'other' }))
    expect(findDuplicates([blue, { ...green, backupServers: named }])).toEqual([])
  })

  test('may share their etcd, and a service that is no node', () => {
    expect(findDuplicates([blue, { ...green, etcd: blue.etcd }])).toEqual([])
  })
})

test.each<[string, ClusterLayout[], RegExp]>([
  ['a cluster', [blue, { ...green, name: 'blue' }], /^cluster blue is there 2 times: cluster blue$/],
  [
    'a backup server',
    [blue, { ...green, backupServers: blue.backupServers }],
    /^backup server blue at 127.0.0.1:1 is there 2 times: cluster blue, cluster green$/,
  ],
  [
    'a backup server in its cluster',
    [{ ...blue, backupServers: blue.backupServers.flatMap((server) => [server, { ...server, host: 'other' }]) }],
    /^backup server blue of cluster blue is there 2 times: cluster blue$/,
  ],
  ['the Patroni of a node', [blue, { ...green, nodes: blue.nodes }], /^Patroni at .* is there 2 times/],
  [
    'the container of a node',
    [blue, { ...green, services: blue.services }],
    /^container blue-db1 of .* is there 2 times/,
  ],
  [
    'the Compose service of a node',
    [blue, green].map((cluster) => ({
      ...cluster,
      services: cluster.services.map((each) => ({ ...each, project: 'p' })),
    })),
    /^service db1 of Compose project p on .* is there 2 times/,
  ],
  [
    'a node in its cluster',
    [{ ...blue, nodes: blue.nodes.map((node, index) => ({ ...node, name: index < 2 ? 'db1' : node.name })) }],
    /^node db1 of cluster blue is there 2 times: cluster blue$/,
  ],
  [
    'an etcd member in its cluster',
    [{ ...blue, etcd: [...blue.etcd, ...blue.etcd] }],
    /^etcd member etcd1 of cluster blue is there 2 times/,
  ],
])('%s that is there twice is told', (_what, clusters, fault) => {
  expect(findDuplicates(clusters)).toContainEqual(expect.stringMatching(fault))
})
