import { Ctx, Field, ObjectType } from 'type-graphql'
import type { Refusal } from '../../../domain/refusal.ts'
import { REFUSAL_CODES, type RefusalCode } from '../../../domain/refusal-codes.ts'
import { describeCodes } from '../../../operations/describe-enum.ts'
import type { ApiContext } from '../../request-context.ts'
import { OperationType } from './operation.ts'

const RefusalCodes = describeCodes(
  REFUSAL_CODES,
  'RefusalCode',
  'Why an operation was not started. A code keeps its meaning, and one fact has one code; more may come.',
)

@ObjectType('Refusal', { description: 'Why an operation was not started; the caller can fix it.' })
export class RefusalType {
  readonly #refusal: Refusal

  constructor(refusal: Refusal) {
    this.#refusal = refusal
  }

  @Field(() => RefusalCodes, { description: 'What it is, for programs.' })
  get code(): RefusalCode {
    return this.#refusal.code
  }

  @Field(() => String, { description: 'For people.' })
  get message(): string {
    return this.#refusal.message
  }

  @Field(() => String, { nullable: true, description: 'How to fix it. Null where no remedy is known.' })
  get remedy(): string | null {
    return this.#refusal.remedy
  }

  @Field(() => String, {
    nullable: true,
    description: 'The input field that it is about, as a path: "assertions.0.sql". Null when it is about none.',
  })
  get field(): string | null {
    return this.#refusal.field
  }

  @Field(() => Boolean, { description: 'Whether the same request may be taken later, with nothing changed.' })
  get retryable(): boolean {
    return this.#refusal.retryable
  }

  @Field(() => OperationType, { nullable: true, description: 'The operation that is in the way. Null where none is.' })
  async operation(@Ctx() { memo }: ApiContext): Promise<OperationType | null> {
    const { operation } = this.#refusal
    const record = operation === null ? null : await memo.operation(operation)
    return record === null ? null : new OperationType(record)
  }
}
