import { whyNotSwappable } from '../../../domain/backup/tablespace.ts'
import { InvalidValueError } from '../../../domain/errors.ts'
import { RecoveryMode, type RecoveryRecord, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { describeTarget, type RecoveryTarget } from '../../../domain/recovery/recovery-target.ts'
import { formatLsn, type Lsn, parseLsn } from '../../../domain/wal/lsn.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { followReplay, type Replay } from '../follow-replay.ts'
import { ReplayFailedError, TablespaceMisplacedError, TargetNotReachedError } from '../recovery-errors.ts'
import type { AnyRecoveryInput } from '../recovery-inputs.ts'
import { judge, targetOf, volumeOf, windowOf } from '../recovery-verdict.ts'
import { proveTarget } from './prove-target.ts'
import type { RecoveryState } from './recovery-state.ts'
import { startOf } from './restore-backup.ts'

type Context = StepContext<AnyRecoveryInput, RecoveryState>

/** Starts the copy's PostgreSQL, follows it to the target, where it pauses, and proves that it is the target. */
export const replayWal: Step<AnyRecoveryInput, RecoveryState> = {
  name: 'replay-wal',
  title: 'Replay WAL up to the target',
  weight: 4,
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const target = targetOf(context.input)
    if (target === null) throw new InvalidValueError('the target can no longer be read')
    const record = await context.recoveries.change(context.operation.id, { status: RecoveryStatus.REPLAYING })
    const { server, service, targetTimeline: timeline, restoreMethod } = record
    const copy = context.clients.recoveredCopy(service, record.directory)
    const seen = rangeOf(context, target, record.backupId)
    const startedAt = await startOf(context, 'replayStartedAt', 'Replaying')
    const archiveEnd = await archiveEndOf(context, seen.archiveEnd)
    const enough = target.kind === 'END' ? archiveEnd : null
    const request = { server, target, timeline, restoreMethod, enough }
    const allows = allowsOf(context, record)
    const status = await followReplay(context, { service, copy, request, range: seen, allows })
    if (status.atEnd && target.kind !== 'TIME' && target.kind !== 'END') {
      throw new TargetNotReachedError(describeTarget(target), status.lsn, status.reached?.time ?? null)
    }
    if (status.lsn === null) throw new ReplayFailedError(status.lastLines, null)
    // Without the proof, which the data does not wait for.
    const replaySeconds = (context.now().getTime() - startedAt) / 1000
    if (status.atEnd) context.log(`Replayed all that the archive holds, to LSN ${status.lsn}`)
    await proveTarget(context, copy, request, {
      position: status.lsn,
      lsn: parseLsn(status.lsn),
      time: status.reached?.time ?? null,
      archiveEnd,
      backupBegin: seen.from,
      backupEnd: seen.backupEnd,
    })
    await context.recoveries.change(record.id, { reached: status.reached, timeline: status.timeline, replaySeconds })
    return undefined
  },
}

interface ReplayRange {
  readonly from: Lsn | null
  readonly to: Lsn | null
  readonly archiveEnd: Lsn | null
  readonly backupEnd: Lsn | null
}

function rangeOf(context: Context, target: RecoveryTarget, backup: string): ReplayRange {
  const seen = {
    input: { ...context.input, backup },
    layout: context.layout,
    cluster: context.cluster(),
    now: context.now(),
    // It is restored already.
    verifications: new Map(),
  }
  const verdict = judge(seen, target)
  const window = verdict === null ? null : windowOf(seen, verdict)
  const end = target.kind === 'IMMEDIATE' ? window?.earliestLsn : window?.latestLsn
  return {
    from: verdict?.backup?.beginLsn ?? null,
    to: target.kind === 'LSN' ? target.lsn : (end ?? null),
    archiveEnd: window?.latestLsn ?? null,
    backupEnd: verdict?.backup?.endLsn ?? null,
  }
}

/** How far the archive reached when the replay was started, also for a worker that takes over. */
async function archiveEndOf(context: Context, seen: Lsn | null): Promise<Lsn | null> {
  const kept = context.state().archiveEnd
  if (kept !== undefined) return parseLsn(kept)
  if (seen !== null) await context.keep({ archiveEnd: formatLsn(seen) }, `The archive reaches LSN ${formatLsn(seen)}`)
  return seen
}

/** A rehearsal can have a tablespace anywhere; what is to take a node's place cannot. */
function allowsOf(context: Context, { mode, node }: RecoveryRecord): Replay['allows'] {
  const volume = mode === RecoveryMode.IN_PLACE ? volumeOf(context.layout, node) : null
  return ({ oid, location }) => {
    const why = volume === null ? null : whyNotSwappable(location, volume)
    if (why !== null) throw new TablespaceMisplacedError(String(oid), why)
  }
}
