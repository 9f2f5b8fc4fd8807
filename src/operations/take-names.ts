import { type Refusal, refuse } from '../domain/refusal.ts'
import { type GlobalId, type GlobalIdType, readGlobalId } from '../domain/resource-id.ts'
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

/** Fields by which an input says where to look; an id may say it for them. */
const SCOPES = ['cluster', 'server'] as const

/**
 * Lets an input name things by their global ids, as answers have them: each becomes the name that a person would type, and
 * what else the id says, cluster or server, is taken over. Refuses an id of another type, and what contradicts it.
 */
export function takeNames(input: OperationInput): readonly Refusal[] {
  const fields = input as unknown as Record<string, unknown>
  return Object.entries(NAMED).flatMap(([field, type]) => {
    const value = fields[field]
    const id = typeof value === 'string' ? readGlobalId(value) : null
    if (id === null) return []
    if (id.type !== type) return [invalid(`"${value}" is the id of a ${id.type}, not of a ${type}`, field)]
    fields[field] = id.name
    return SCOPES.flatMap((scope) => (scope === field ? [] : takeScope(fields, id, { scope, field })))
  })
}

function takeScope(
  fields: Record<string, unknown>,
  { named }: GlobalId,
  { scope, field }: { scope: (typeof SCOPES)[number]; field: string },
): Refusal[] {
  const said: Readonly<Record<string, string | null>> = named
  const name = said[scope] ?? null
  if (name === null) return []
  const given = fields[scope] ?? name
  if (given !== name) return [invalid(`${field} belongs to ${scope} ${name}, and ${scope} is "${given}"`, field)]
  fields[scope] = name
  return []
}

function invalid(message: string, field: string): Refusal {
  return refuse('INVALID_INPUT', message, null, field)
}
