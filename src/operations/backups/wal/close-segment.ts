import { z } from 'zod'
import type { ArchiverStatus } from '../../../domain/cluster/cluster.ts'
import { HowdahError } from '../../../domain/errors.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { pollUntil } from '../../poll-until.ts'
import { findServer, serverName } from '../find-server.ts'
import type { SwitchWalInput } from './switch-wal-input.ts'
import { DEFAULT_TIMEOUT_SECONDS } from './switch-wal-input.ts'

/** What switchWal keeps. */
export const switchWalState = z
  .object({
    /** The segment that was closed; null: there was none to close. */
    segment: z.string().nullable(),
    /** When, ISO 8601. */
    closedAt: z.string(),
  })
  .partial()

type State = z.output<typeof switchWalState>
type Context = StepContext<SwitchWalInput, State>

const POLL_MS = 100
/** The catalogue reports changes; this is for when one was missed. */
const REFRESH_MS = 2_000

/** A segment was closed and has not reached the archive in time. */
export class WalNotArchivedError extends HowdahError {
  readonly code = 'WAL_NOT_ARCHIVED'
  constructor(
    readonly segment: string,
    readonly seconds: number,
    readonly lastSeen: string,
  ) {
    super(`segment ${segment} has not reached the archive within ${seconds} s; last seen: ${lastSeen}`, {
      remedy:
        'See the log of the leader for archive_command and that of the barman service, then archiveWals(input: {}); the segment is not lost: the leader keeps it.',
      retryable: true,
    })
  }
}

/** Closes the segment that the leader is writing. Doing it twice costs one segment more and nothing else. */
export const closeSegment: Step<SwitchWalInput, State> = {
  name: 'close-segment',
  title: 'Close the current WAL segment',
  usualSeconds: 1,
  async isDone(context) {
    return context.state().segment === undefined ? StepOutcome.NOT_DONE : StepOutcome.DONE
  },
  async run(context) {
    const force = context.input.force === true
    const closedAt = context.now().toISOString()
    const segment = await context.clients.barman(serverName(context)).switchWal({ force })
    const message =
      segment === null
        ? 'Nothing was written since the last segment was closed: there is none to close'
        : `Closed segment ${segment}`
    await context.keep({ segment, closedAt }, message)
    return undefined
  },
}

/** Waits until Barman's catalogue has the segment. */
export const waitForSegment: Step<SwitchWalInput, State> = {
  name: 'wait-for-segment',
  title: 'Wait until the segment is in the archive',
  usualSeconds: 3,
  async isDone(context) {
    return segmentOf(context) === null || isArchived(context) ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },
  async run(context) {
    const segment = segmentOf(context) ?? ''
    const closedAt = Date.parse(context.state().closedAt ?? '')
    const timeoutSeconds = context.input.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS
    let refreshedAt = context.now().getTime()
    const look = async () => {
      if (isArchived(context)) return null
      const now = context.now().getTime()
      const isStale = now - refreshedAt > REFRESH_MS
      if (isStale) {
        refreshedAt = now
        await context.clients.refreshWal(serverName(context))
      }
      const seen = lastSeen(context, new Date(closedAt))
      return {
        seen,
        error: () => new WalNotArchivedError(segment, timeoutSeconds, seen),
        ...(isStale && { progress: { message: `${segment} is not in the archive yet: ${seen}` } }),
      }
    }
    const what = `${segment} to be in the archive`
    await pollUntil(context, { what, timeoutMs: timeoutSeconds * 1000, intervalMs: POLL_MS, look })
    const archivedSeconds = (context.now().getTime() - closedAt) / 1000
    context.log(`Segment ${segment} is in the archive, ${archivedSeconds.toFixed(1)} s after it was closed`)
    return undefined
  },
}

function segmentOf(context: Context): string | null {
  return context.state().segment ?? null
}

function isArchived(context: Context): boolean {
  return findServer(context.cluster(), context)?.wal.value?.has(segmentOf(context) ?? '') === true
}

/** How far the archive is, and what the leader's archiver and Barman say. */
function lastSeen(context: Context, since: Date): string {
  const cluster = context.cluster()
  const server = findServer(cluster, context)
  const last = server?.wal.value?.last?.name ?? 'nothing'
  const archiver = cluster.nodes.find(({ postgres }) => postgres.value?.inRecovery === false)?.postgres.value?.archiver
  const waiting = server?.incoming.value?.incomingCount ?? 0
  return [
    `the archive ends with ${last}`,
    `${waiting} file(s) wait in Barman's incoming directories`,
    ...(server?.wal.error == null ? [] : [`Barman cannot be read: ${server.wal.error}`]),
    ...(archiver == null ? [] : archiverSentences(archiver, since)),
  ].join('; ')
}

function archiverSentences(archiver: ArchiverStatus, since: Date): string[] {
  const { lastFailedWal, lastFailedAt, pendingSegments } = archiver
  const failed = lastFailedAt !== null && lastFailedAt >= since
  return [
    ...(pendingSegments === null ? [] : [`${pendingSegments} segment(s) wait for archive_command`]),
    ...(failed ? [`archive_command failed for ${lastFailedWal} at ${lastFailedAt.toISOString()}`] : []),
  ]
}
