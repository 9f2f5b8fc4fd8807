import { HOWDAH } from '../admission/permissions.ts'
import { OperationStatus } from '../domain/operation/operation.ts'
import type { OperationLog } from '../events/operation-log.ts'
import type { Clock } from '../shared/clock.ts'

/** Rejects proposals that were not decided in time. */
export async function sweepProposals({ log, clock }: { log: OperationLog; clock: Clock }): Promise<void> {
  for (const operationId of await log.proposed()) {
    const proposal = (await log.get(operationId))?.proposal
    if (proposal == null || Date.parse(proposal.expiresAt) > clock.now().getTime()) continue
    await log.append({
      operationId,
      body: { type: 'OperationRejected', decision: { by: HOWDAH, reason: 'expired' } },
      message: `Not decided until ${proposal.expiresAt}: rejected`,
      when: ({ status }) => status === OperationStatus.PROPOSED,
    })
  }
}
