import { InvalidValueError } from './errors.ts'

/** The types that have global ids, and the path of each. */
export interface GlobalIdPaths {
  Cluster: [cluster: string]
  PostgresNode: [cluster: string, node: string]
  EtcdNode: [cluster: string, member: string]
  Service: [cluster: string, service: string]
  BackupServer: [server: string]
  Backup: [server: string, backupId: string]
  WalSegment: [server: string, name: string]
  RecoveryWindow: [server: string, backupId: string, timeline: string]
  Recovery: [id: string]
  Operation: [id: string]
}

export type GlobalIdType = keyof GlobalIdPaths

/** A parsed id: narrow by `type` to know the path's parts. */
export type GlobalId = { [T in GlobalIdType]: { readonly type: T; readonly path: GlobalIdPaths[T] } }[GlobalIdType]

const PATH_LENGTHS: { readonly [T in GlobalIdType]: GlobalIdPaths[T]['length'] } = {
  Cluster: 1,
  PostgresNode: 2,
  EtcdNode: 2,
  Service: 2,
  BackupServer: 1,
  Backup: 2,
  WalSegment: 2,
  RecoveryWindow: 3,
  Recovery: 1,
  Operation: 1,
}

/** Readable and stable: "Backup:patroni/20261122T171311". Throws InvalidValueError on a part that is empty or holds "/". */
export function formatGlobalId<T extends GlobalIdType>(type: T, ...path: GlobalIdPaths[T]): string {
  for (const part of path) {
    if (part === '' || part.includes('/')) throw new InvalidValueError(`"${part}" cannot be part of an id`)
  }
  return `${type}:${path.join('/')}`
}

/** Throws InvalidValueError on what is no id. */
export function parseGlobalId(text: string): GlobalId {
  const colon = text.indexOf(':')
  const type = text.slice(0, Math.max(0, colon))
  const path = text.slice(colon + 1).split('/')
  if (!isGlobalIdType(type) || path.length !== PATH_LENGTHS[type] || path.includes('')) {
    throw new InvalidValueError(`"${text}" is not an id`, {
      remedy: 'Ids look like "Backup:patroni/20261122T171311"; take them from an answer.',
    })
  }
  // The length has just been compared with the type's.
  return { type, path } as unknown as GlobalId
}

function isGlobalIdType(text: string): text is GlobalIdType {
  return Object.hasOwn(PATH_LENGTHS, text)
}
