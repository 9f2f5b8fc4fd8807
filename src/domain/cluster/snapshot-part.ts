/** Parts of the snapshot that are looked at together. */
export enum SnapshotPart {
  /** The leader and the members, each node's Patroni and PostgreSQL, and where HAProxy sends clients. */
  NODES = 'NODES',
  /** Containers, and the members of etcd. */
  SERVICES = 'SERVICES',
  /** Barman's catalogue of base backups, and the room on its disk. */
  BACKUPS = 'BACKUPS',
  /** The archive: filed, waiting and being received. */
  WAL = 'WAL',
  /** Barman's own checks. */
  CHECKS = 'CHECKS',
}

/** What the cluster itself is made of. */
export const CLUSTER_PARTS: readonly SnapshotPart[] = [SnapshotPart.NODES, SnapshotPart.SERVICES]

/** What a service's start or stop changes: Barman is one. */
export const SERVICE_PARTS: readonly SnapshotPart[] = [...CLUSTER_PARTS, SnapshotPart.BACKUPS]

export const EVERY_PART: readonly SnapshotPart[] = Object.values(SnapshotPart)
