import { InvalidValueError, WaitTimeoutError } from '../../domain/errors.ts'
import { type Lsn, parseLsn } from '../../domain/lsn.ts'
import { RecoveryStatus } from '../../domain/recovery.ts'
import { describeTarget, type RecoveryTarget } from '../../domain/recovery-target.ts'
import { DEFAULT_SEGMENT_BYTES } from '../../domain/wal-name.ts'
import type { CopyStatus, RecoveredCopy } from '../clients/recovered-copy.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { CopyDiskFullError, ReplayFailedError, TargetNotReachedError } from './recovery-errors.ts'
import { judge, type RecoveryRequest, targetOf, windowOf } from './recovery-subject.ts'
import { startOf } from './restore-backup.ts'

type Context = StepContext<RecoveryRequest>

const POLL_MS = 300
/** Not one record replayed for so long: the archive does not answer. */
const STALL_MS = 600_000
/** Not one for so long: is there room for more? */
const FULL_MS = 10_000

/** Starts the copy's PostgreSQL and follows it to the target, where it pauses. */
export const replayWal: Step<RecoveryRequest> = {
  name: 'replay-wal',
  title: 'Replay WAL up to the target',
  weight: 4,
  done: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const target = targetOf(context.input)
    if (target === null) throw new InvalidValueError('the target cannot be read any more')
    const record = await context.recoveries.change(context.operation.id, { status: RecoveryStatus.REPLAYING })
    const copy = context.clients.recoveredCopy(record.service, record.directory)
    const startedAt = await startOf(context, 'replayStartedAt', 'Replaying')
    const { server, targetTimeline: timeline, restoreMethod } = record
    await copy.startReplay({ server, target, timeline, restoreMethod })
    const range = rangeOf(context, target, record.backupId)
    const status = await untilPaused(context, { service: record.service, copy }, range)
    if (status.atEnd && target.kind !== 'TIME' && target.kind !== 'END') {
      throw new TargetNotReachedError(describeTarget(target), status.lsn, status.reached?.time ?? null)
    }
    if (status.atEnd) context.log(`Replayed all that the archive holds, to LSN ${status.lsn ?? 'unknown'}`)
    const replaySeconds = (context.now().getTime() - startedAt) / 1000
    await context.recoveries.change(record.id, { reached: status.reached, timeline: status.timeline, replaySeconds })
    return undefined
  },
}

interface ReplayRange {
  readonly from: Lsn | null
  readonly to: Lsn | null
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
  return { from: verdict?.backup?.beginLsn ?? null, to: target.kind === 'LSN' ? target.lsn : (end ?? null) }
}

async function untilPaused(
  context: Context,
  { service, copy }: { service: string; copy: RecoveredCopy },
  range: ReplayRange,
): Promise<CopyStatus> {
  let moved = { lsn: null as string | null, at: context.now().getTime() }
  let measuredAt = moved.at
  for (;;) {
    const status = await copy.status()
    if (status.state === 'PAUSED') return status
    if (status.state === 'STOPPED' || status.state === 'ABSENT' || status.state === 'PROMOTED') {
      // Its run has just begun: postmaster.pid comes a moment later.
      if (context.now().getTime() - moved.at > 10_000 || status.lastLines.some((line) => line.includes('FATAL:'))) {
        throw new ReplayFailedError(status.lastLines, moved.lsn)
      }
    }
    if (status.lsn !== null && status.lsn !== moved.lsn) moved = { lsn: status.lsn, at: context.now().getTime() }
    const waitedMs = context.now().getTime() - moved.at
    if (waitedMs > STALL_MS) throw new WaitTimeoutError('WAL to be replayed', moved.lsn ?? status.state, waitedMs)
    if (waitedMs > FULL_MS && context.now().getTime() - measuredAt > FULL_MS) {
      measuredAt = context.now().getTime()
      const { freeBytes } = await copy.space()
      if (freeBytes < DEFAULT_SEGMENT_BYTES) throw new CopyDiskFullError(service, freeBytes, moved.lsn)
    }
    report(context, status, range)
    await context.sleep(POLL_MS)
  }
}

function report(context: Context, { lsn, reached }: CopyStatus, { from, to }: ReplayRange): void {
  const at = reached?.time ?? null
  const message = at === null ? `replayed to LSN ${lsn ?? 'unknown'}` : `replayed to the commit of ${at}`
  if (lsn === null || from === null || to === null || to <= from) {
    context.progress({ message })
    return
  }
  const done = parseLsn(lsn) - from
  context.progress({ bytesDone: Math.max(0, Number(done)), bytesTotal: Number(to - from), message })
}
