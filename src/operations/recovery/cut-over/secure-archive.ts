import { NodeCommandError } from '../../../domain/cluster/node-command-error.ts'
import { formatLsn, parseLsn } from '../../../domain/wal/lsn.ts'
import { formatSegmentName, segmentNumberAt, segmentStartLsn } from '../../../domain/wal/wal-name.ts'
import { askAcrossRestarts, askNode } from '../../node-access/ask-node.ts'
import { type ControlData, readControlData } from '../../node-access/control-data.ts'
import { pollUntil } from '../../poll-until.ts'
import { NotArchivedError, UncleanStopError } from './cut-over-errors.ts'
import type { CutOverContext } from './cut-over-state.ts'
import { type CutOverState, cutOverState } from './cut-over-state.ts'

const CLEAN = 'shut down'
const TRY_AGAIN =
  'Try again when the cluster is healthy: what it has written must be in the archive before it is given up.'
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
  const handedOver = await askNode(context, leader.service, (node) => node.handOverWal(leader.directory))
  for (const wal of handedOver) context.log(`Handed ${wal} to the archive`)
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
  const paths = [`incoming/${wal}`, `streaming/${wal}`, `wals/${wal.slice(0, 16)}/${wal}`].map(
    (path) => `${archive}/${path}`,
  )
  const look = async () => {
    const isThere = await askAcrossRestarts(context, service, () => isAnyThere(context, service, paths))
    if (isThere) return null
    const seen = `${wal} is in none of incoming, streaming, wals`
    return { seen, error: () => new NotArchivedError(wal, seen) }
  }
  await pollUntil(context, { what: wal, timeoutMs: ARCHIVED_MS, intervalMs: 100, look })
}

/** By `ls`, which ends with 2 where one of them is not there. */
async function isAnyThere(context: CutOverContext, service: string, paths: readonly string[]): Promise<boolean> {
  const { exitCode, stdout, stderr } = await context.clients.services.run(service, {
    argv: ['ls', '-d', '--', ...paths],
  })
  if (exitCode === 0 || exitCode === 2) return stdout.trim() !== ''
  throw new NodeCommandError(service, 'ls', `${stderr.trim() || 'no words'} (exit code ${exitCode})`, exitCode)
}
