import { InvalidValueError } from '../../../domain/errors.ts'
import type { RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import { parseGlobalId } from '../../../domain/resource-id.ts'
import { badUserInput } from '../../format-error.ts'
import type { ApiContext } from '../../request-context.ts'
import { type Connection, type PageArguments, readPage, toConnection } from '../common/connection.ts'
import { RecoveryType } from './recovery.ts'
import { passes, type RecoveryFilter } from './recovery-filter.ts'

/** Newest first. A cluster has few: a page is cut out of all of them. */
export async function recoveryPage(
  { deps, memo }: ApiContext,
  page: PageArguments,
  filter: RecoveryFilter | null | undefined,
  cluster: string,
): Promise<Connection<RecoveryType>> {
  const { limit, cursor, backward } = readPage(page, memo)
  const recoveries = await deps.recoveries.list(cluster)
  if (cursor !== null && !recoveries.some(({ id }) => id === cursor)) {
    throw badUserInput(`"${cursor}" is no cursor: a recovery's bare id is.`)
  }
  const all = recoveries.filter((record) => passes(record, filter))
  // Ids begin with the time at which they were made. The cursor's own recovery may not pass the filter any more.
  const isBehind = ({ id }: RecoveryRecord) => (backward ? id <= (cursor ?? '') : id < (cursor ?? ''))
  const found = cursor === null ? -1 : all.findIndex(isBehind)
  const end = found === -1 ? all.length : found
  const from = backward ? Math.max(0, end - limit) : cursor === null ? 0 : end
  const to = backward ? end : Math.min(all.length, from + limit)
  const edges = all.slice(from, to).map((record) => ({ cursor: record.id, node: new RecoveryType(record) }))
  return toConnection(edges, to < all.length, from > 0, all.length)
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
