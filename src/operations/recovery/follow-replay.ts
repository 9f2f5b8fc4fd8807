import type { CopyStatus, RecoveredCopy, ReplayRequest, ReplayWants } from '../../clients/agent/recovered-copy.ts'
import { WaitTimeoutError } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import { type Lsn, parseLsn } from '../../domain/wal/lsn.ts'
import { DEFAULT_SEGMENT_BYTES } from '../../domain/wal/wal-name.ts'
import type { StepContext } from '../context.ts'
import { CopyDiskFullError, ReplayFailedError } from './recovery-errors.ts'

type Context = StepContext<unknown>

const POLL_MS = 300
/** No record replayed for this long: the archive does not answer. */
const STALL_MS = 600_000
/** None for this long: is the disk full? */
const FULL_MS = 10_000
/** What fetches WAL may have died with its container. */
const FETCH_MS = 5_000
/** The same that is asked for so often was not given: no WAL raises its parameters as often as this. */
const STARTS = 50

export interface Replay {
  /** Where its disk is. */
  readonly service: string
  readonly copy: RecoveredCopy
  readonly request: ReplayRequest
  /** From where to where, for the progress; null where it is not known. */
  readonly range: { readonly from: Lsn | null; readonly to: Lsn | null }
  /** Throws where a tablespace that is made in the WAL cannot be had. */
  readonly allows: (tablespace: NonNullable<ReplayWants['tablespace']>) => void
}

/**
 * Starts a copy's PostgreSQL, and follows it to where it pauses for its target. Where the WAL asks for more than the copy has, it
 * is given that and started again. Throws ReplayFailedError, CopyDiskFullError, TIMEOUT.
 */
export async function followReplay(context: Context, replay: Replay): Promise<CopyStatus> {
  try {
    return await follow(context, replay)
  } catch (error) {
    context.signal.throwIfAborted()
    if (error instanceof CopyDiskFullError) throw error
    // Whatever could not be written then says so in words of its own.
    throw (await diskFullOf(replay)) ?? error
  }
}

/** Null where there is room, and where that cannot be asked: then the failure itself says more. */
async function diskFullOf({ service, copy }: Replay): Promise<CopyDiskFullError | null> {
  try {
    const { freeBytes } = await copy.space()
    return freeBytes < DEFAULT_SEGMENT_BYTES ? new CopyDiskFullError(service, freeBytes, null) : null
  } catch {
    return null
  }
}

async function follow(context: Context, replay: Replay): Promise<CopyStatus> {
  const { service, copy, request, range } = replay
  await copy.startReplay(request)
  const begunAt = context.now().getTime()
  let fetchedAt = begunAt
  let measuredAt = begunAt
  let moved = { lsn: null as string | null, at: begunAt }
  for (let starts = 1; ; ) {
    const status = await copy.status()
    const now = context.now().getTime()
    if (wantsMore(status)) {
      if (starts === STARTS) throw new ReplayFailedError(status.lastLines, moved.lsn)
      await give(context, replay, status)
      starts += 1
      moved = { ...moved, at: context.now().getTime() }
    } else if (status.state === 'PAUSED') {
      return status
    } else if (hasEnded(status)) {
      throw new ReplayFailedError(status.lastLines, moved.lsn)
    }
    if (status.lsn !== null && status.lsn !== moved.lsn) moved = { lsn: status.lsn, at: now }
    const waitedMs = now - moved.at
    if (waitedMs > STALL_MS) throw new WaitTimeoutError('WAL to be replayed', moved.lsn ?? status.state, waitedMs)
    if (waitedMs > FULL_MS && now - measuredAt > FULL_MS) {
      measuredAt = now
      const { freeBytes } = await copy.space()
      if (freeBytes < DEFAULT_SEGMENT_BYTES) throw new CopyDiskFullError(service, freeBytes, moved.lsn)
    }
    if (now - fetchedAt > FETCH_MS) {
      fetchedAt = now
      await copy.keepFetching(request)
    }
    report(context, status, range)
    await context.sleep(POLL_MS)
  }
}

function wantsMore({ wants }: CopyStatus): boolean {
  return Object.keys(wants.settings).length > 0 || wants.tablespace !== null
}

async function give(context: Context, { copy, request, allows }: Replay, { wants }: CopyStatus): Promise<void> {
  const { settings, tablespace } = wants
  const words = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  if (tablespace !== null) {
    allows(tablespace)
    words.push(`a place for the tablespace in ${tablespace.location}`)
    await copy.prepare([tablespace])
  }
  context.log(`The WAL asks for ${words.join(', ')}: starting again with it`, LogLevel.INFO)
  await copy.stop()
  await copy.startReplay(request)
}

function hasEnded({ state }: CopyStatus): boolean {
  return state === 'STOPPED' || state === 'ABSENT' || state === 'PROMOTED'
}

function report(context: Context, { lsn, reached }: CopyStatus, { from, to }: Replay['range']): void {
  const at = reached?.time ?? null
  const message = at === null ? `replayed to LSN ${lsn ?? 'unknown'}` : `replayed to the commit of ${at}`
  if (lsn === null || from === null || to === null || to <= from) {
    context.progress({ message })
    return
  }
  const done = parseLsn(lsn) - from
  context.progress({ bytesDone: Math.max(0, Number(done)), bytesTotal: Number(to - from), message })
}
