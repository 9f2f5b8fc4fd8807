import type { BackupServerSnapshot } from '../backup/backup-server.ts'
import { isLeading, isReachable } from '../cluster/node-view.ts'
import type { Observed } from '../observed.ts'
import { seenNow } from '../observed.ts'
import { readGlobalId } from '../resource-id.ts'
import type { HealthContext } from './health-issue.ts'

type IsSeen = (subject: string, context: HealthContext) => boolean

const nameOf = (subject: string) => readGlobalId(subject)?.name ?? ''

/** Whether these parts of a backup server are seen; of one that is not configured any more there is nothing to see. */
export function serverSees(parts: (server: BackupServerSnapshot) => readonly Observed<unknown>[]): IsSeen {
  return (subject, { snapshot }) => {
    const id = readGlobalId(subject)
    const name = id?.type === 'Backup' ? id.named.server : id?.name
    const server = snapshot.backupServers.find((each) => each.name === name)
    return server === undefined || parts(server).every((part) => seenNow(part) !== null)
  }
}

const isConfigured: IsSeen = (subject, { snapshot }) => snapshot.nodes.some(({ name }) => name === nameOf(subject))

/** Whether a node's Patroni answers, or the node is not configured any more. */
export const isNodeSeen: IsSeen = (subject, context) =>
  !isConfigured(subject, context) || context.nodes.some((node) => node.name === nameOf(subject) && isReachable(node))

/** Whether a session to a node's PostgreSQL answers. */
export const isPostgresSeen: IsSeen = (subject, context) =>
  !isConfigured(subject, context) ||
  context.snapshot.nodes.some(({ name, postgres }) => name === nameOf(subject) && seenNow(postgres) !== null)

/** Whether it is known who leads, or that no node does. */
export const isLeadSeen: IsSeen = (_, { snapshot, nodes }) =>
  seenNow(snapshot.topology) !== null || nodes.some((node) => isLeading(node.role) && isReachable(node))

/** Whether it is another node that leads. */
export const isLeadElsewhere: IsSeen = (subject, { nodes }) =>
  nodes.some((node) => isLeading(node.role) && node.name !== nameOf(subject) && isReachable(node))
