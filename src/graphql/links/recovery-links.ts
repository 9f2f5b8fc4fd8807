import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import { NotFoundError } from '../../domain/errors.ts'
import type { ApiContext } from '../context.ts'
import { OperationType } from '../types/operation.ts'
import { RecoveryType } from '../types/recovery.ts'

/** Fields of a recovery that lead back to types which lead to recoveries. */
@Resolver(() => RecoveryType)
export class RecoveryLinks {
  @FieldResolver(() => OperationType, { description: 'The operation that made it.' })
  async operation(@Root() { operationId }: RecoveryType, @Ctx() { memo }: ApiContext): Promise<OperationType> {
    const record = await memo.operation(operationId)
    if (record === null) throw new NotFoundError(`there is no operation ${operationId}`)
    return new OperationType(record)
  }
}
