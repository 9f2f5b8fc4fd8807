import { badUserInput } from '../../format-error.ts'
import type { ApiContext } from '../../request-context.ts'
import { type Connection, cutPage, type PageArguments, readPage } from '../common/connection.ts'
import { RecoveryType } from './recovery.ts'
import { passes, type RecoveryFilter } from './recovery-filter.ts'

/** Newest first. A cluster has few: a page is cut out of all of them. */
export async function recoveryPage(
  { deps, memo }: ApiContext,
  page: PageArguments,
  filter: RecoveryFilter | null | undefined,
  cluster: string,
): Promise<Connection<RecoveryType>> {
  const request = readPage(page, memo)
  const { cursor } = request
  const recoveries = await deps.recoveries.list(cluster)
  if (cursor !== null && !recoveries.some(({ id }) => id === cursor)) {
    throw badUserInput(`"${cursor}" is no cursor: a recovery's bare id is.`)
  }
  const all = recoveries.filter((record) => passes(record, filter))
  return cutPage(
    all,
    request,
    ({ id }) => id,
    (record) => new RecoveryType(record),
  )
}
