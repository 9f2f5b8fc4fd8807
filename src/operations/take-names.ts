import { type Refusal, refuse } from '../domain/refusal.ts'
import { type GlobalId, type GlobalIdType, parseGlobalId } from '../domain/resource-id.ts'
import type { OperationInput } from './operation-input.ts'

/** The fields by which inputs name things, and of which type these are. */
const NAMED: Readonly<Record<string, GlobalIdType>> = {
  cluster: 'Cluster',
  node: 'PostgresNode',
  candidate: 'PostgresNode',
  service: 'Service',
  from: 'Service',
  to: 'Service',
  server: 'BackupServer',
  backup: 'Backup',
  backupId: 'Backup',
  parent: 'Backup',
  recovery: 'Recovery',
}

/**
 * Lets an input name things by their global ids, as answers have them: each becomes the name that a person would type, and
 * what else the id says, cluster or server, is taken over. Refuses an id of another type, and what contradicts it.
 */
export function takeNames(input: OperationInput): readonly Refusal[] {
  const fields = input as unknown as Record<string, unknown>
  return Object.entries(NAMED).flatMap(([field, type]) => {
    const id = globalIdIn(fields[field])
    if (id === null) return []
    if (id.type !== type) return [invalid(`"${fields[field]}" is the id of a ${id.type}, not of a ${type}`, field)]
    fields[field] = id.path.at(-1)
    return takeScope(fields, id, field)
  })
}

function takeScope(fields: Record<string, unknown>, { type, path }: GlobalId, field: string): Refusal[] {
  if (path.length === 1) return []
  const scope = type === 'Backup' ? 'server' : 'cluster'
  const given = fields[scope] ?? path[0]
  if (given !== path[0]) return [invalid(`${field} belongs to ${scope} ${path[0]}, and ${scope} is "${given}"`, field)]
  fields[scope] = path[0]
  return []
}

/** Null for what is a name already, and for what is nothing that can be read. */
function globalIdIn(value: unknown): GlobalId | null {
  if (typeof value !== 'string' || !value.includes(':')) return null
  try {
    return parseGlobalId(value)
  } catch {
    return null
  }
}

function invalid(message: string, field: string): Refusal {
  return refuse('INVALID_INPUT', message, null, field)
}
