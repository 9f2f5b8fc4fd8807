import { type Claim, ClaimMode } from '../domain/operation/claim.ts'

/** Names of what can be claimed, within one cluster. */
export const resources = {
  /** Who leads, which nodes run, and how they are configured. */
  topology: 'topology',
  /** That the leader stays as it is: a base backup shares it, what ends its sessions takes it. */
  leader: 'leader',
  /** That a server's catalogue loses nothing: what reads backups shares it, what deletes them takes it. */
  backups: (server: string) => `backups/${server}`,
  /** The one base backup that a server makes at a time. */
  backupRun: (server: string) => `backup-run/${server}`,
  /** Whether and for what one backup is kept. */
  keep: (server: string, backupId: string) => `keep/${server}/${backupId}`,
  service: (name: string) => `service/${name}`,
  /** The one recovery that is made, takes the place of the cluster, or is taken away at a time. */
  recovery: 'recovery',
  /** The release of a dead leader's lock. */
  leaderLock: 'leader-lock',
} as const

export function exclusive(resource: string): Claim {
  return { resource, mode: ClaimMode.EXCLUSIVE }
}

export function shared(resource: string): Claim {
  return { resource, mode: ClaimMode.SHARED }
}
