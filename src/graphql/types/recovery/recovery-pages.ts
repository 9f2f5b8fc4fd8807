import { InvalidValueError } from '../../../domain/errors.ts'
import { parseGlobalId } from '../../../domain/resource-id.ts'
import { badUserInput } from '../../format-error.ts'
import type { ApiContext } from '../../request-context.ts'
import { type Connection, type PageArguments, readPage, toConnection } from '../common/connection.ts'
import { RecoveryType } from './recovery.ts'

/** Newest first. A cluster has few: a page is cut out of all of them. */
export async function recoveryPage(
  { deps, memo }: ApiContext,
  page: PageArguments,
  cluster: string,
): Promise<Connection<RecoveryType>> {
  const { limit, cursor } = readPage(page, memo)
  const all = await deps.recoveries.list(cluster)
  const at = cursor === null ? -1 : all.findIndex(({ id }) => id === cursor)
  if (cursor !== null && at === -1) throw badUserInput(`"${cursor}" is no cursor: a recovery's bare id is.`)
  const records = all.slice(at + 1, at + 1 + limit)
  const edges = records.map((record) => ({ cursor: record.id, node: new RecoveryType(record) }))
  return toConnection(edges, at + 1 + records.length < all.length, at >= 0)
}

/** The bare id from "Recovery:<id>"; a bare id stays as it is. Throws BAD_USER_INPUT. */
export function readRecoveryId(id: string): string {
  if (!id.includes(':')) return id
  try {
    const parsed = parseGlobalId(id)
    if (parsed.type === 'Recovery') return parsed.path[0]
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error
  }
  throw badUserInput(`"${id}" is not the id of a recovery`)
}
