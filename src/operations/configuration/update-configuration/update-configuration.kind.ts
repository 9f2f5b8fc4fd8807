import { Field, InputType } from 'type-graphql'
import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { Json } from '../../json-scalar.ts'
import { OperationInput } from '../../operation-input.ts'
import { checkUpdateConfiguration, planUpdateConfiguration } from './plan-update-configuration.ts'
import { waitForConfiguration } from './wait-for-configuration.ts'
import { writeConfiguration } from './write-configuration.ts'

@InputType({ description: "What to change in Patroni's dynamic configuration." })
export class UpdateConfigurationInput extends OperationInput {
  @Field(() => Json, {
    description:
      'Merged into the configuration: objects key by key, null removes a key, all else replaces. { "postgresql": { "parameters": { "work_mem": "16MB" } } }',
  })
  patch!: Record<string, unknown>
}

export default defineOperation<UpdateConfigurationInput>({
  name: 'updateConfiguration',
  title: 'Change the configuration',
  description:
    "Changes Patroni's dynamic configuration for all members. The plan shows each change, and which parameters need a restart. Refused with CONFLICT when somebody else changes it in between. Replaces `patronictl edit-config`.",
  input: UpdateConfigurationInput,
  claims: () => [exclusive(resources.topology)],
  fenced: true,
  destructive: false,
  check: checkUpdateConfiguration,
  plan: planUpdateConfiguration,
  steps: [writeConfiguration, waitForConfiguration],
})
