import { InvalidValueError } from './errors.ts'

/**
 * The types that have global ids, and what the path of each names. What Barman has carries the cluster: a Barman server may
 * be called the same in two of them.
 */
const PATHS = {
  Cluster: ['cluster'],
  PostgresNode: ['cluster', 'node'],
  EtcdNode: ['cluster', 'member'],
  Service: ['cluster', 'service'],
  BackupServer: ['cluster', 'server'],
  Backup: ['cluster', 'server', 'backupId'],
  WalSegment: ['cluster', 'server', 'name'],
  RecoveryWindow: ['cluster', 'server', 'backupId', 'timeline'],
  HealthIssue: ['cluster', 'issue'],
  Schedule: ['cluster', 'name'],
  Recovery: ['id'],
  Operation: ['id'],
} as const

export type GlobalIdType = keyof typeof PATHS

/** The last part of its path is a path of its own: code, subject and which. */
const OPEN_ENDED: GlobalIdType = 'HealthIssue'

/** What an id of this type names, part by part. */
type Parts<T extends GlobalIdType> = (typeof PATHS)[T]
type Strings<Names extends readonly string[]> = { [Index in keyof Names]: string }
type Named<T extends GlobalIdType> = { readonly [Part in Parts<T>[number]]: string }

/** Ids of these types had no cluster once, and are still read: the cluster is null then. */
const READ_WITHOUT_CLUSTER = ['BackupServer', 'Backup', 'WalSegment', 'RecoveryWindow'] as const
type ArchiveType = (typeof READ_WITHOUT_CLUSTER)[number]
type Read<T extends GlobalIdType> = T extends ArchiveType
  ? Omit<Named<T>, 'cluster'> & { readonly cluster: string | null }
  : Named<T>

/** A parsed id: narrow by `type` to know what it names. */
export type GlobalId = {
  [T in GlobalIdType]: {
    readonly type: T
    readonly named: Read<T>
    /** What a person would type for it: the last part of its path. */
    readonly name: string
  }
}[GlobalIdType]

/** An id of something that Barman has. */
export type ArchiveId = Extract<GlobalId, { type: ArchiveType }>

/** Readable and stable: "Backup:patroni/patroni/20261122T171311". Throws InvalidValueError on a part that is empty or holds "/". */
export function formatGlobalId<T extends GlobalIdType>(type: T, ...path: Strings<Parts<T>>): string {
  for (const [index, part] of path.entries()) {
    const mayBePath = type === OPEN_ENDED && index === path.length - 1
    if (part === '' || (part.includes('/') && !mayBePath))
      throw new InvalidValueError(`"${part}" cannot be part of an id`)
  }
  return `${type}:${path.join('/')}`
}

/** Null for what is no id: a name, as a person types it. */
export function readGlobalId(text: string): GlobalId | null {
  const colon = text.indexOf(':')
  const type = text.slice(0, Math.max(0, colon))
  const split = text.slice(colon + 1).split('/')
  if (!isGlobalIdType(type) || split.includes('')) return null
  const parts: readonly string[] = PATHS[type]
  const last = parts.length - 1
  const path = type === OPEN_ENDED ? [...split.slice(0, last), split.slice(last).join('/')].filter(Boolean) : split
  const isOld = path.length === parts.length - 1 && READ_WITHOUT_CLUSTER.some((each) => each === type)
  if (path.length !== parts.length && !isOld) return null
  const whole = isOld ? [null, ...path] : path
  const named = Object.fromEntries(parts.map((part, index) => [part, whole[index]]))
  // The length has just been compared with the type's.
  return { type, named, name: path.at(-1) } as unknown as GlobalId
}

/** Throws InvalidValueError on what is no id. */
export function parseGlobalId(text: string): GlobalId {
  const id = readGlobalId(text)
  if (id !== null) return id
  throw new InvalidValueError(`"${text}" is not an id`, {
    remedy: 'Ids look like "Backup:patroni/patroni/20261122T171311"; take them from an answer.',
  })
}

/** The name in an id of this type; any other text as it is. "20261122T171311042-3f9a1c" for "Recovery:20261122T171311042-3f9a1c". */
export function bareName(type: GlobalIdType, text: string): string {
  const id = readGlobalId(text)
  return id?.type === type ? id.name : text
}

function isGlobalIdType(text: string): text is GlobalIdType {
  return Object.hasOwn(PATHS, text)
}
