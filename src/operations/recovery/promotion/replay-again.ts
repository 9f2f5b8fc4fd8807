import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import { ReplayVerdict } from '../../../domain/recovery/recovery-proof.ts'
import { parseLsn } from '../../../domain/wal/lsn.ts'
import type { StepContext } from '../../context.ts'
import { readControlData } from '../../node-access/control-data.ts'
import { followReplay } from '../follow-replay.ts'
import { NotAtTargetError } from '../recovery-errors.ts'

/** PostgreSQL's words for data whose recovery has not ended: of a server that was stopped, and of one that was killed. */
const IN_RECOVERY = ['shut down in recovery', 'in archive recovery']

/**
 * A copy that was READY and whose PostgreSQL has ended since, with Docker or the machine, is brought again to where it was
 * verified: to that very position, whatever its target is and whatever the archive has got meanwhile. One that runs, and one whose
 * recovery has ended, is left as it is. Throws NotAtTargetError where that position can no longer be reached.
 */
export async function replayAgain(
  context: StepContext<unknown>,
  { server, service, directory, reached, targetTimeline: timeline, restoreMethod }: RecoveryRecord,
): Promise<void> {
  const copy = context.clients.recoveredCopy(service, directory)
  const at = reached?.lsn ?? null
  const status = await copy.status()
  // What fetches for it may have ended with the node's container; the end of a promotion asks for histories, too.
  if (status.state !== 'STOPPED' && status.state !== 'ABSENT') await copy.keepFetching({ server, restoreMethod })
  if (at === null || status.state !== 'STOPPED') return
  const { state } = await readControlData(context, service, copy.directory)
  if (!IN_RECOVERY.includes(state)) return
  context.log(`Its PostgreSQL has ended since it was READY: replaying to LSN ${at} again`, LogLevel.WARNING)
  const { lsn } = await followReplay(context, {
    service,
    copy,
    // The record that would come next begins there.
    request: {
      server,
      restoreMethod,
      timeline,
      target: { kind: 'LSN', lsn: parseLsn(at), inclusive: false, timeline },
    },
    range: { from: null, to: parseLsn(at) },
    // What is made up to there has its place already.
    allows: () => {},
  })
  if (lsn === at) return
  const short = { verdict: ReplayVerdict.SHORT, reason: 'the archive has no more of it than this' }
  throw new NotAtTargetError(`LSN ${at}, at which it was verified`, lsn ?? 'unknown', short)
}
