/** Where the parts of one cluster are: read from the configuration, used by clients and observers. */
export interface ClusterLayout {
  /** Patroni scope. */
  readonly name: string
  /** Prefix of Patroni's keys, with both slashes: "/service/". */
  readonly namespace: string
  readonly nodes: readonly NodeLayout[]
  readonly etcd: readonly EtcdMemberLayout[]
  readonly haproxy: HaproxyLayout
  readonly backupServers: readonly BackupServerLayout[]
  readonly services: readonly ServiceLayout[]
  /** Where the host's `/proc/1/net` is mounted, and the Docker endpoint on that host; null where it is not. */
  readonly hostSockets: { readonly directory: string; readonly docker: string } | null
}

export interface NodeLayout {
  readonly name: string
  /** PostgreSQL's address as Howdah reaches it. */
  readonly host: string
  readonly port: number
  /** Patroni's REST API, without a trailing slash: "http://db1:8008". */
  readonly apiUrl: string
  /** Name of its service. */
  readonly service: string
  /** Parent of its data directory. */
  readonly dataDirectory: string
}

export interface EtcdMemberLayout {
  readonly name: string
  readonly clientUrl: string
  readonly service: string
}

export interface HaproxyLayout {
  /** For people, and for the reader: "http://haproxy:8404/stats". */
  readonly statsUrl: string
  /** Where reads and writes go: the leader. */
  readonly host: string
  readonly port: number
  readonly service: string
  /** Bytes of WAL not replayed from which on its read-only port gives a replica no new sessions. */
  readonly readMaxLagBytes: number
}

export interface BackupServerLayout {
  /** Barman server name. */
  readonly name: string
  /** Where its SSH is, for reading. */
  readonly host: string
  readonly sshPort: number
  readonly service: string
  /** Published PostgreSQL port of a rehearsal. */
  readonly rehearsalPort: number
}

export interface ServiceLayout {
  /** Name in the compose file. */
  readonly name: string
  /** Name of the container, as configured: what it is found by where it was not made by Compose. */
  readonly container: string
  /** The project of Compose's that it belongs to; null where containers are to be found by their names alone. */
  readonly project: string | null
  /** Docker endpoint: "unix:///var/run/docker.sock", "http://docker-proxy:2375". */
  readonly docker: string
}

/** How Howdah identifies itself to a cluster's PostgreSQL and Patroni. */
export interface ClusterCredentials {
  readonly postgresUser: string
  readonly postgresPassword: string
  /** Basic authentication of Patroni's unsafe calls; null where this process does not make any (the API). */
  readonly patroni: { readonly username: string; readonly password: string } | null
  /** SSH identity for reading Barman. */
  readonly ssh: { readonly user: string; readonly keyFile: string; readonly knownHostsFile: string }
}
