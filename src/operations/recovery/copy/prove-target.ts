import type { RecoveredCopy, ReplayRequest } from '../../../clients/agent/recovered-copy.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import { HowdahError, messageOf } from '../../../domain/errors.ts'
import type { RecoveryPoint } from '../../../domain/recovery/recovery.ts'
import {
  judgeReplay,
  type ReplayFacts,
  type ReplayJudgement,
  ReplayVerdict,
} from '../../../domain/recovery/recovery-proof.ts'
import { describeTarget, type RecoveryTarget } from '../../../domain/recovery/recovery-target.ts'
import type { StepContext } from '../../context.ts'
import { NotAtTargetError } from '../recovery-errors.ts'
import type { RecoveryState } from './recovery-state.ts'

/** How long an archive that gives no answer is asked again. */
const PATIENCE_MS = 60_000
const AGAIN_MS = 2_000

/**
 * Proves from the archive that a copy which says that it has reached its target stands exactly there, and keeps what it found.
 * Throws NotAtTargetError where it does not; where the archive does not tell, that is what is kept.
 */
export async function proveTarget(
  context: StepContext<unknown, RecoveryState>,
  copy: RecoveredCopy,
  { server, timeline, target }: ReplayRequest,
  facts: ReplayFacts & { readonly position: string },
): Promise<void> {
  const startedAt = context.now().getTime()
  let judgement = await judge()
  while (judgement.verdict === ReplayVerdict.UNKNOWN && context.now().getTime() - startedAt < PATIENCE_MS) {
    await context.sleep(AGAIN_MS)
    judgement = await judge()
  }
  const { verdict, reason } = judgement
  if (verdict === ReplayVerdict.SHORT || verdict === ReplayVerdict.BEYOND) {
    throw new NotAtTargetError(describeTarget(target), facts.position, judgement)
  }
  await context.keep({ proof: judgement }, `Replayed to LSN ${facts.position}: ${reason}`)

  async function judge(): Promise<ReplayJudgement> {
    try {
      return judgeReplay(target, facts, await copy.prove({ server, timeline, target, lsn: facts.position }))
    } catch (error) {
      if (!(error instanceof HowdahError)) throw error
      return { verdict: ReplayVerdict.UNKNOWN, reason: messageOf(error) }
    }
  }
}

/** What the verification says of it. */
export function targetCheck(
  { state }: Pick<StepContext<unknown, RecoveryState>, 'state'>,
  target: RecoveryTarget,
  reached: RecoveryPoint | null,
): Check {
  const { proof } = state()
  const at = `last commit ${reached?.xid ?? 'none'} of ${reached?.time ?? 'no time'}, LSN ${reached?.lsn ?? 'unknown'}`
  const message = `${describeTarget(target)}; ${at}; ${proof?.reason ?? 'it was not compared with the archive'}`
  if (proof?.verdict === ReplayVerdict.EXACT) return { name: 'target', status: CheckStatus.OK, message, hint: null }
  return {
    name: 'target',
    status: CheckStatus.UNKNOWN,
    message: `not checked: ${message}`,
    hint: 'Where the archive gave no answer, see checkBackupServer(input: {}), and recover again. Otherwise compare the last commit with what you know of that time.',
  }
}
