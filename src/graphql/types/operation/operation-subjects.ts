import type { OperationRecord, OperationResultReference } from '../../../domain/operation/operation.ts'
import { bareName } from '../../../domain/resource-id.ts'

type SubjectType = OperationResultReference['type']

/** Where a kind's input or its steps' state names what it is about. */
const NAMED_BY: { readonly [T in Exclude<SubjectType, 'Recovery'>]: readonly string[] } = {
  Backup: ['backupId', 'backup'],
  PostgresNode: ['node', 'candidate'],
  Service: ['service'],
}

/**
 * What an operation makes, or is about, as far as that is known by now; null where it has to do with none of this type.
 * `server`: of the cluster's own backups, where none is named.
 */
export function subjectOf(
  record: OperationRecord,
  type: SubjectType,
  server: string | null,
): OperationResultReference | null {
  const { id, cluster, result, state, input } = record
  if (result?.type === type) return result
  if (type === 'Recovery') {
    // The recovery that an operation begins has the operation's id.
    const recovery = stringIn(input, 'recovery')
    return { type, scope: cluster, name: recovery === null ? id : bareName('Recovery', recovery) }
  }
  const name = NAMED_BY[type].map((key) => stringIn(state, key) ?? stringIn(input, key)).find((each) => each !== null)
  // "latest" was that of its time.
  if (name === undefined || name === 'latest') return null
  if (type !== 'Backup') return { type, scope: cluster, name }
  const scope = stringIn(input, 'server') ?? server
  return scope === null ? null : { type, scope, name }
}

function stringIn(values: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = values[key]
  return typeof value === 'string' ? value : null
}
