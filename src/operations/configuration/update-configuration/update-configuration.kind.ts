import { exclusive, resources } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkUpdateConfiguration, planUpdateConfiguration } from './plan-update-configuration.ts'
import { updateConfigurationState } from './settled-restart-flags.ts'
import { tryValues } from './try-values.ts'
import { UpdateConfigurationInput } from './update-configuration-input.ts'
import { waitForConfiguration } from './wait-for-configuration.ts'
import { writeConfiguration } from './write-configuration.ts'

export default defineOperation({
  name: 'updateConfiguration',
  title: 'Change the configuration',
  description:
    "Changes Patroni's dynamic configuration for all members. The plan shows each change, and which parameters need a restart. Refused with CONFLICT when another client changes it in between. Replaces `patronictl edit-config`.",
  input: UpdateConfigurationInput,
  state: updateConfigurationState,
  claims: () => [exclusive(resources.topology)],
  fenced: true,
  destructive: false,
  check: checkUpdateConfiguration,
  plan: planUpdateConfiguration,
  steps: [tryValues, writeConfiguration, waitForConfiguration],
})
