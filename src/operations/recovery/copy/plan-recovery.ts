import { type Check, CheckStatus } from '../../../domain/check.ts'
import { planScope } from '../../../domain/operation/plan-scope.ts'
import { RecoveryMode } from '../../../domain/recovery/recovery.ts'
import { describeTarget } from '../../../domain/recovery/recovery-target.ts'
import type { PlanContext } from '../../context.ts'
import { typicalStepSeconds } from '../../estimate.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { recoveredFrom } from '../recovered-from.ts'
import type { AnyRecoveryInput } from '../recovery-inputs.ts'
import { bytesNeeded, judge, nodeOfRecovery, targetOf } from '../recovery-verdict.ts'
import { replayWal } from './replay-wal.ts'
import { restoreBackup } from './restore-backup.ts'
import { verifyCopy } from './verify-copy.ts'

const RESTORE_BYTES_PER_SECOND = 130_000_000
const VERIFY_BYTES_PER_SECOND = 150_000_000
const VERIFY_START_SECONDS = 2

/** The steps up to READY, which cost neither downtime nor data. */
export function planRecovery(context: PlanContext<AnyRecoveryInput>, mode: RecoveryMode): PlanDraft {
  const target = targetOf(context.input)
  const verdict = target === null ? null : judge(context, target)
  const size = verdict?.backup?.clusterSizeBytes ?? null
  const restore =
    size === null ? typicalStepSeconds(context.earlier, restoreBackup.name) : size / RESTORE_BYTES_PER_SECOND
  const replay = verdict?.estimatedSeconds == null ? null : Math.max(1, verdict.estimatedSeconds - (restore ?? 0))
  const verify = size === null ? null : VERIFY_START_SECONDS + size / VERIFY_BYTES_PER_SECOND
  const node = mode === RecoveryMode.REHEARSAL ? null : nodeOfRecovery(context)
  const where = mode === RecoveryMode.REHEARSAL ? 'on the Barman host' : `on ${node ?? 'the leader'}`
  const from = verdict?.backup == null ? '' : ` from backup ${verdict.backup.backupId} on timeline ${verdict.timeline}`
  return {
    summary: `Recovers ${context.cluster.name} to ${target === null ? 'its target' : describeTarget(target)}${from}, ${where}, beside the running cluster`,
    steps: {
      [restoreBackup.name]: { seconds: restore },
      [replayWal.name]: { seconds: replay },
      [verifyCopy.name]: { seconds: verify },
    },
    checks: verdict === null ? [] : checksOf(verdict.reasons, bytesNeeded(verdict)),
    downtimeSeconds: 0,
    dataLoss: null,
    scope: planScope({ target: { ...recoveredFrom(verdict), ...(node === null ? {} : { node }) } }),
  }
}

function checksOf(reasons: readonly string[], needed: number | null): Check[] {
  const disk = needed === null ? 'not known' : `about ${needed} bytes`
  return [
    { name: 'disk needed', status: needed === null ? CheckStatus.UNKNOWN : CheckStatus.OK, message: disk, hint: null },
    ...reasons.map((message) => ({ name: 'target', status: CheckStatus.WARNING, message, hint: null })),
  ]
}
