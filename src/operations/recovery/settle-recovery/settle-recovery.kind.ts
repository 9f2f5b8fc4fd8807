import { isUnsettled, type RecoveryRecord, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { exclusive, resources } from '../../claims.ts'
import { PlanRead } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { checkDataService } from '../check-data-service.ts'
import { cutOverClaims } from '../cut-over/cut-over-claims.ts'
import { firstBackup } from '../cut-over/first-backup.ts'
import { rejoinReplicas } from '../cut-over/rejoin-replicas.ts'
import { resumeArchive } from '../cut-over/resume-archive.ts'
import { findRecovery, unknownRecovery } from '../find-recovery.ts'
import { recoveryResult } from '../recovery-result.ts'
import { findUnsettledRecoveries } from './find-unsettled-recoveries.ts'
import { SettleRecoveryInput } from './settle-recovery-input.ts'
import { leadOn, recordOutcome, rollBack, whereCompleted } from './settle-steps.ts'
import { Course, courseOf, settleRecoveryState, takeUpRecovery } from './take-up-recovery.ts'

const isInCutOver = (record: RecoveryRecord | undefined) => record?.status === RecoveryStatus.CUTTING_OVER

/** Only an unfinished cut-over needs them. */
const OF_CUT_OVERS = [rollBack, leadOn, rejoinReplicas, resumeArchive]

export default defineOperation({
  name: 'settleRecovery',
  title: 'Settle a recovery',
  description:
    'Brings a recovery on which no operation works, and which is neither READY nor at its end, to where it truly is. A cut-over whose node has led with the recovered data is completed; one whose node has not is rolled back; an unfinished copy is removed. Howdah asks for it by itself, at the start of a worker and later on; already settled is success.',
  input: SettleRecoveryInput,
  reads: [PlanRead.RECOVERIES],
  automation: findUnsettledRecoveries,
  state: settleRecoveryState,
  // Every operation on a recovery claims it: one that is still under way is a CONFLICT.
  claims: (context) => {
    const record = findRecovery(context)
    return isInCutOver(record) ? cutOverClaims(record?.server) : [exclusive(resources.recovery)]
  },
  // A cut-over that was left half done keeps its cluster down. Once the cluster serves it may copy a replica: one at a time.
  urgent: true,
  fenced: true,
  destructive: false,
  retriesFromStart: true,
  check(context) {
    const record = findRecovery(context)
    if (record === undefined) return [unknownRecovery(context)]
    // An unfinished cut-over starts what it needs by itself.
    return isUnsettled(record) && !isInCutOver(record) ? checkDataService(context.cluster, record.service) : []
  },
  plan(context) {
    const record = findRecovery(context)
    return {
      summary: `Brings recovery ${context.input.recovery}, which is ${record?.status ?? 'not there'}, to where it truly is`,
      steps: Object.fromEntries(OF_CUT_OVERS.map(({ name }) => [name, { isLeftOut: !isInCutOver(record) }])),
      checks: [],
      estimatedSeconds: null,
      // Nothing that serves is stopped.
      downtimeSeconds: 0,
      dataLoss: null,
      identity: { status: record?.status ?? null },
    }
  },
  steps: [
    takeUpRecovery,
    rollBack,
    leadOn,
    whereCompleted(rejoinReplicas),
    recordOutcome,
    whereCompleted(resumeArchive),
  ],
  result: ({ operation, input }) => recoveryResult(operation, input.recovery),
  followUps: (ended) => (courseOf(ended) === Course.FORWARD ? firstBackup(ended) : []),
})
