import { CheckStatus } from '../../../domain/check.ts'
import { isFailing } from '../../../domain/cluster/cluster.ts'
import { messageOf } from '../../../domain/errors.ts'
import { seenNow } from '../../../domain/observed.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { snapshotOf } from '../../node-access/node-health.ts'
import { pollUntil } from '../../poll-until.ts'
import type { CutOverContext, CutOverOperationState } from './cut-over-state.ts'
import { cutOverState } from './cut-over-state.ts'

const WELL_MS = 120_000
const POLL_MS = 1_000

/**
 * Barman finds its way to the new timeline by itself: it sets the partial segment of the one that was left aside and goes on
 * where its slot stands. Until then a base backup would be refused. And the node hands over what it has written since the copy
 * was promoted, with the archive_command that it has now.
 */
export const resumeArchive: Step<unknown, CutOverOperationState> = {
  name: 'resume-archive',
  title: 'Wait until Barman follows the new timeline',
  usualSeconds: 4,

  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const { server, node } = cutOverState(context)
    const look = async () => (await whyNotFollowing(context, server)) ?? (await whyNotArchiving(context, node))
    try {
      await pollUntil(context, { what: 'the archive to go on', timeoutMs: WELL_MS, intervalMs: POLL_MS, look })
    } catch (error) {
      context.signal.throwIfAborted()
      // The cluster serves with what was recovered: that much is so, whatever its archive needs.
      context.log(`${messageOf(error)}. See checkBackupServer(input: {server: "${server}"}).`, LogLevel.WARNING)
    }
    return undefined
  },
}

async function whyNotFollowing(context: CutOverContext, server: string): Promise<string | null> {
  await context.clients.refreshChecks(server)
  const checks = context.cluster().backupServers.find(({ name }) => name === server)?.checks
  if (checks === undefined || checks.value === null || checks.error !== null) return checks?.error ?? 'no checks yet'
  const failing = checks.value.filter(({ status }) => status === CheckStatus.FAILED)
  return failing.length === 0 ? null : failing.map(({ name, message }) => `${name} ${message ?? ''}`).join('; ')
}

/** The current leader has an archiver; a replica has none. */
async function whyNotArchiving(context: CutOverContext, node: string): Promise<string | null> {
  await context.clients.refreshNode(node)
  const seen = snapshotOf(context.cluster(), node)
  const archiver = seen === undefined ? null : (seenNow(seen.postgres)?.archiver ?? null)
  if (archiver === null || !isFailing(archiver)) return null
  return `archive_command of ${node} fails for ${archiver.lastFailedWal ?? 'WAL'}`
}
