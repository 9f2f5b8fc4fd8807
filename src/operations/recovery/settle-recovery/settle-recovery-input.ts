import { InputType } from 'type-graphql'
import { RecoveryOperationInput } from '../recovery-operation-input.ts'

@InputType({ description: 'Which recovery was left unfinished.' })
export class SettleRecoveryInput extends RecoveryOperationInput {}
