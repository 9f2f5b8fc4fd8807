import type { OperationFilter } from '../../../events/operation-log.ts'
import type { ApiContext } from '../../request-context.ts'
import { type Connection, type PageArguments, readPage, toConnection } from '../common/connection.ts'
import { type OperationFilterInput, OperationType } from './operation.ts'
import { toOperationEvent } from './operation-event.ts'
import type { OperationEventType } from './operation-event-base.ts'

/** Newest first. */
export async function operationPage(
  { deps, memo }: ApiContext,
  page: PageArguments,
  filter: OperationFilter,
): Promise<Connection<OperationType>> {
  const { limit, cursor: from, backward } = readPage(page, memo)
  const { operations, hasNext, hasPrevious } = await deps.log.list({ limit, from, backward, filter })
  const edges = operations.map((record) => ({ cursor: record.id, node: new OperationType(record) }))
  return toConnection(edges, hasNext, hasPrevious)
}

/** Oldest first. */
export async function eventPage(
  { deps, memo }: ApiContext,
  operationId: string,
  page: PageArguments,
): Promise<Connection<OperationEventType>> {
  const { limit, cursor: from, backward } = readPage(page, memo)
  const { events, hasNext, hasPrevious } = await deps.log.events(operationId, { limit, from, backward })
  const edges = events.map((event) => ({ cursor: event.cursor, node: toOperationEvent(event) }))
  return toConnection(edges, hasNext, hasPrevious)
}

export function toFilter(input: OperationFilterInput | null | undefined): OperationFilter {
  const { kinds, statuses, cluster } = input ?? {}
  return {
    ...(kinds == null ? {} : { kinds }),
    ...(statuses == null ? {} : { statuses }),
    ...(cluster == null ? {} : { cluster }),
  }
}
