import { IsDefined } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { Json } from '../../json-scalar.ts'
import { OperationInput } from '../../operation-input.ts'

@InputType({ description: "What to change in Patroni's dynamic configuration." })
export class UpdateConfigurationInput extends OperationInput {
  @Field(() => Json, {
    description:
      'Merged into the configuration: objects key by key, null removes a key, all else replaces. { "postgresql": { "parameters": { "work_mem": "16MB" } } }',
  })
  @IsDefined()
  patch!: Record<string, unknown>
}
