import { WaitTimeoutError } from '../../../domain/errors.ts'
import { formatLsn, parseLsn } from '../../../domain/wal/lsn.ts'
import { formatSegmentName, segmentNumberAt, segmentStartLsn } from '../../../domain/wal/wal-name.ts'
import { type ControlData, readControlData } from '../../node-access/control-data.ts'
import { runScript } from '../../node-access/run-script.ts'
import { pollUntil } from '../../poll-until.ts'
import { NotArchivedError, UncleanStopError } from './cut-over-errors.ts'
import type { CutOverContext } from './cut-over-state.ts'
import { type CutOverState, cutOverState } from './cut-over-state.ts'

const CLEAN = 'shut down'
const TRY_AGAIN =
  'Try again when the cluster is healthy: what it has written must be in the archive before it is given up.'
/** What the archiver had not handed over when PostgreSQL stopped, handed over as it would have: with its own command. */
const HAND_OVER = `cd "$1"; command=$(postgres -C archive_command -D "$1")
for ready in pg_wal/archive_status/*.ready; do
  [ -e "$ready" ] || continue
  name=\${ready##*/}; name=\${name%.ready}
  sh -c "$(printf %s "$command" | sed "s|%p|pg_wal/$name|g; s|%f|$name|g; s|%%|%|g")" >&2
  mv "$ready" "\${ready%.ready}.done"; echo "$name"
done`
const IN_ARCHIVE =
  'for each in "$1/incoming/$2" "$1/streaming/$2" "$1/wals/$3/$2"; do [ ! -e "$each" ] || { echo "$each"; exit; }; done'
const HAND_OVER_MS = 600_000
const ARCHIVED_MS = 20_000

/**
 * After the leader has stopped: how its history ended, with all of it in Barman's archive. Throws where it was not shut
 * down cleanly, or something is missing.
 */
export async function secureArchive(
  context: CutOverContext,
  leader: { readonly name: string; readonly service: string; readonly directory: string },
): Promise<NonNullable<CutOverState['ended']>> {
  const control = await readControlData(context, leader.service, leader.directory)
  if (control.state !== CLEAN) throw new UncleanStopError(leader.name, control.state, TRY_AGAIN)
  const handedOver = await runScript(context, leader.service, HAND_OVER, [leader.directory], {
    user: 'postgres',
    timeoutMs: HAND_OVER_MS,
  })
  for (const wal of handedOver.split('\n').filter((name) => name !== '')) context.log(`Handed ${wal} to the archive`)
  const ended = endOf(control)
  await untilArchived(context, ended.lastWal)
  return ended
}

/**
 * PostgreSQL closes its segment before it shuts down, and the shutdown checkpoint begins the next: up to that one's start
 * there is all that was written, and it is in whole segments.
 */
export function endOf({ checkpointLsn, timeline }: Pick<ControlData, 'checkpointLsn' | 'timeline'>) {
  const number = segmentNumberAt(parseLsn(checkpointLsn))
  return {
    timeline,
    lsn: formatLsn(segmentStartLsn(number)),
    lastWal: formatSegmentName(timeline, number - 1),
  }
}

/** By the files themselves: Barman's catalogue may name them a second later. */
async function untilArchived(context: CutOverContext, wal: string): Promise<void> {
  const { server, archive = '' } = cutOverState(context)
  const service = context.layout.backupServers.find(({ name }) => name === server)?.service ?? 'barman'
  const look = async () => {
    const found = await runScript(context, service, IN_ARCHIVE, [archive, wal, wal.slice(0, 16)])
    return found === '' ? `${wal} is in none of incoming, streaming, wals` : null
  }
  try {
    await pollUntil(context, { what: wal, timeoutMs: ARCHIVED_MS, intervalMs: 100, look })
  } catch (error) {
    if (error instanceof WaitTimeoutError) throw new NotArchivedError(wal, error.lastSeen)
    throw error
  }
}
