import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { readId } from '../read-id.ts'
import type { ApiContext } from '../request-context.ts'
import { OperationPayload } from '../types/operation/operation-payload.ts'

const MAX_REASON = 500
const ID_TEXT = 'Its id, with or without "Operation:".'

/** Mutations on operations themselves. */
@Resolver()
export class ControlMutations {
  @Mutation(() => OperationPayload, {
    description:
      'Has a proposal run. It is checked and planned again: where that is not the plan that `ifPlan` names, PLAN_CHANGED brings the new one, and nothing is decided. Approving twice is success. Role OPERATOR, and the role that its kind wants; where `approvals.distinct` is set, another token than that of the proposal. Errors: NOT_FOUND.',
  })
  async approveOperation(
    @Arg('id', () => ID, { description: ID_TEXT }) id: string,
    @Arg('ifPlan', () => String, {
      description: 'The fingerprint of the plan that was read: `operation.plan.fingerprint`.',
    })
    ifPlan: string,
    @Arg('reason', () => String, {
      nullable: true,
      description: 'Why; kept with the decision. At most 500 characters.',
    })
    reason: string | null | undefined,
    @Ctx() { actor, deps }: ApiContext,
  ): Promise<OperationPayload> {
    const refusals = checkReason(reason)
    if (refusals.length > 0) return OperationPayload.refused(refusals)
    const decision = { ifPlan, reason: reason ?? null }
    return new OperationPayload(await deps.operations.approve(readId('Operation', id), decision, actor))
  }

  @Mutation(() => OperationPayload, {
    description: 'Ends a proposal; nothing of it runs. Rejecting twice is success. Role OPERATOR. Errors: NOT_FOUND.',
  })
  async rejectOperation(
    @Arg('id', () => ID, { description: ID_TEXT }) id: string,
    @Arg('reason', () => String, {
      nullable: true,
      description: 'Why; kept with the decision. At most 500 characters.',
    })
    reason: string | null | undefined,
    @Ctx() { actor, deps }: ApiContext,
  ): Promise<OperationPayload> {
    const refusals = checkReason(reason)
    if (refusals.length > 0) return OperationPayload.refused(refusals)
    return new OperationPayload(await deps.operations.reject(readId('Operation', id), reason ?? null, actor))
  }

  @Mutation(() => OperationPayload, {
    description:
      'Ends a queued operation at once, withdraws a proposal, and asks a running one to stop and undo what it did. Role OPERATOR. Errors: NOT_FOUND.',
  })
  async cancelOperation(
    @Arg('id', () => ID, { description: ID_TEXT }) id: string,
    @Arg('reason', () => String, {
      nullable: true,
      description: 'Why; kept with the operation. At most 500 characters.',
    })
    reason: string | null | undefined,
    @Ctx() { actor, deps }: ApiContext,
  ): Promise<OperationPayload> {
    const refusals = checkReason(reason)
    if (refusals.length > 0) return OperationPayload.refused(refusals)
    return new OperationPayload(await deps.operations.cancel(readId('Operation', id), reason ?? null, actor))
  }

  @Mutation(() => OperationPayload, {
    description:
      'Runs a failed, cancelled or interrupted operation again, as a new one: from the step that failed where that step can tell how far it came, else from the start; its first event says which. Role OPERATOR, and the role that its kind wants. Errors: NOT_FOUND.',
  })
  async retryOperation(
    @Arg('id', () => ID, { description: ID_TEXT }) id: string,
    @Arg('reason', () => String, {
      nullable: true,
      description: 'Why; kept with the new operation. At most 500 characters.',
    })
    reason: string | null | undefined,
    @Ctx() { actor, deps }: ApiContext,
  ): Promise<OperationPayload> {
    const refusals = checkReason(reason)
    if (refusals.length > 0) return OperationPayload.refused(refusals)
    return new OperationPayload(await deps.operations.retry(readId('Operation', id), reason ?? null, actor))
  }
}

function checkReason(reason: string | null | undefined): Refusal[] {
  if (reason == null || reason.length <= MAX_REASON) return []
  const message = `reason has ${reason.length} characters; at most ${MAX_REASON} are kept`
  return [refuse('INVALID_INPUT', message, null, 'reason')]
}
