import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'

/** What one name must stand for, and where it is named. */
interface Naming {
  readonly what: string
  readonly where: string
}

/**
 * Names that stand for two things. Two clusters whose Barman servers are called the same may be; one archive for two
 * clusters, or a node's container or API in two of them, would be operated as two.
 */
export function findDuplicates(clusters: readonly ClusterLayout[]): string[] {
  const namings = clusters.flatMap(({ name, nodes, etcd, backupServers, services }): Naming[] => {
    const where = `cluster ${name}`
    const containerOf = (service: string) => services.find((each) => each.name === service)
    return [
      { what: `cluster ${name}`, where },
      ...backupServers.flatMap((server) => [
        { what: `backup server ${server.name} of cluster ${name}`, where },
        { what: `backup server ${server.name} at ${server.host}:${server.sshPort}`, where },
      ]),
      ...etcd.map((member) => ({ what: `etcd member ${member.name} of cluster ${name}`, where })),
      ...nodes.flatMap((node) => {
        const container = containerOf(node.service)
        return [
          { what: `node ${node.name} of cluster ${name}`, where },
          { what: `Patroni at ${node.apiUrl}`, where },
          { what: `container ${container?.container} of ${container?.docker}`, where },
          ...(container == null || container.project === null
            ? []
            : [
                {
                  what: `service ${container.name} of Compose project ${container.project} on ${container.docker}`,
                  where,
                },
              ]),
        ]
      }),
    ]
  })
  const places = new Map<string, string[]>()
  for (const { what, where } of namings) places.set(what, [...(places.get(what) ?? []), where])
  return [...places]
    .filter(([, where]) => where.length > 1)
    .map(([what, where]) => `${what} is there ${where.length} times: ${[...new Set(where)].join(', ')}`)
}
