import { mebibytes } from '../../../domain/bytes.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import { Verdict, verdictOf } from '../../../domain/check-verdict.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import type { RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import { type Lsn, parseLsn } from '../../../domain/wal/lsn.ts'
import type { PlanContext } from '../../context.ts'
import { typicalDowntime } from '../../downtime.ts'
import { leaderOf } from '../../node-access/node-health.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { findRecovery } from '../find-recovery.ts'
import type { CutOverInput } from '../recovery-operation-input.ts'
import { rolesCheck } from './check-roles.ts'
import { scopeOfCutOver } from './cut-over-scope.ts'

type Context = PlanContext<CutOverInput>

/** Until there is a cut-over to go by: on an idle stack on 2 cores. */
const CUT_OVER_DOWNTIME_SECONDS = 9

export const STAYS_RECOVERABLE = 'It stays recoverable: in the archive, and in the data directory that is kept.'

export function planCutOver(context: Context): PlanDraft {
  const recovery = findRecovery(context)
  const node = recovery?.node ?? 'its node'
  return {
    downtimeSeconds: cutOverDowntime(context),
    checks: [verificationCheck(recovery), rolesCheck(context.cluster)],
    summary: `Puts the recovered data on ${node} in the cluster's place: ${node} leads, the others become its replicas`,
    dataLoss: recovery === undefined ? null : lossOfCutOver(context, recovery),
    scope: scopeOfCutOver(context.layout, recovery?.node ?? null),
  }
}

/** Seconds for which writes fail. */
export function cutOverDowntime({ earlier }: Pick<Context, 'earlier'>): number {
  return typicalDowntime(earlier) ?? CUT_OVER_DOWNTIME_SECONDS
}

function lossOfCutOver(context: Context, { reached }: RecoveryRecord): string {
  const since = reached?.time === null || reached?.time === undefined ? 'the recovery target' : reached.time
  return `What was committed after ${since} is given up${amountSince(context, reached?.lsn ?? null, reached?.time ?? null)}. ${STAYS_RECOVERABLE}`
}

/** ": 12 MiB of WAL, 4 minutes", as far as it is known. */
export function amountSince(
  { cluster, now }: Pick<Context, 'cluster' | 'now'>,
  from: string | null,
  since: string | null,
): string {
  const leader = leaderOf(cluster)
  const lsn: Lsn | null = leader === null ? null : (viewNode(cluster, leader)?.lsn ?? null)
  const bytes = from === null || lsn === null ? null : lsn - parseLsn(from)
  const minutes = since === null ? null : (now.getTime() - Date.parse(since)) / 60_000
  const parts = [
    ...(bytes === null || bytes < 0n ? [] : [`${mebibytes(Number(bytes))} of WAL`]),
    ...(minutes === null ? [] : [`${Math.max(0, Math.round(minutes))} minutes`]),
  ]
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`
}

function statusOf(verification: RecoveryRecord['verification']): CheckStatus {
  if (verification?.passed === true) return CheckStatus.OK
  const isUnknown = verification === null || verdictOf(verification.checks) === Verdict.NOT_CHECKED
  return isUnknown ? CheckStatus.UNKNOWN : CheckStatus.FAILED
}

export function verificationCheck(recovery: RecoveryRecord | undefined): Check {
  const verification = recovery?.verification ?? null
  return {
    name: 'verification',
    status: statusOf(verification),
    message: verification?.message ?? (verification === null ? 'not verified' : null),
    hint: null,
  }
}
