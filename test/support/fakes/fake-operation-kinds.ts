import { IsOptional, Length } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { type AnyOperation, defineOperation } from '../../../src/operations/define-operation.ts'
import type { OperationRegistry } from '../../../src/operations/load-operations.ts'
import { OperationInput } from '../../../src/operations/operation-input.ts'

@InputType({ description: 'Of a kind that only tests have.' })
class TestKindInput extends OperationInput {
  @Field(() => String, { nullable: true, description: 'At most 8 characters.' })
  @IsOptional()
  @Length(1, 8)
  label?: string | null
}

const plan = {
  summary: 'Nothing',
  checks: [],
  estimatedSeconds: null,
  downtimeSeconds: null,
  dataLoss: null,
}

function kind(name: string, destructive: boolean): AnyOperation {
  return defineOperation<TestKindInput>({
    name,
    title: `Test ${name}`,
    description: 'Does nothing.',
    input: TestKindInput,
    fenced: false,
    destructive,
    check: () => [],
    plan: () => plan,
    steps: [],
  })
}

/** testKind, and testDestruction, which is destructive. */
export const TEST_KINDS: OperationRegistry = new Map(
  [kind('testKind', false), kind('testDestruction', true)].map((each) => [each.name, each]),
)
