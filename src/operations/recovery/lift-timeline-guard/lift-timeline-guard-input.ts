import { InputType } from 'type-graphql'
import { OperationInput } from '../../operation-input.ts'

@InputType({ description: 'Which cluster.' })
export class LiftTimelineGuardInput extends OperationInput {}
