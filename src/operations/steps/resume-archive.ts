import { CheckStatus } from '../../domain/backup.ts'
import { messageOf } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation-events.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { cutOverState } from './cut-over-state.ts'
import { pollUntil } from './poll-until.ts'

const WELL_MS = 120_000
const POLL_MS = 1_000

/**
 * Barman finds its way to the new timeline by itself: it sets the partial segment of the one that was left aside and goes on
 * where its slot stands. Until then a base backup would be refused.
 */
export const resumeArchive: Step<unknown> = {
  name: 'resume-archive',
  title: 'Wait until Barman follows the new timeline',

  done: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const { server } = cutOverState(context)
    const look = async () => {
      await context.clients.refreshChecks(server)
      const checks = context.cluster().backupServers.find(({ name }) => name === server)?.checks
      if (checks === undefined || checks.value === null || checks.error !== null)
        return checks?.error ?? 'no checks yet'
      const failing = checks.value.filter(({ status }) => status === CheckStatus.FAILED)
      return failing.length === 0 ? null : failing.map(({ name, message }) => `${name} ${message ?? ''}`).join('; ')
    }
    try {
      await pollUntil(context, { what: "Barman's checks to pass", timeoutMs: WELL_MS, intervalMs: POLL_MS, look })
    } catch (error) {
      context.signal.throwIfAborted()
      // The cluster serves with what was recovered: that much is so, whatever Barman needs.
      context.log(`${messageOf(error)}. See checkBackupServer.`, LogLevel.WARNING)
    }
    return undefined
  },
}
