import { type Check, CheckStatus } from '../../../domain/check.ts'
import { HowdahError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { BackupServerInput } from '../backup-inputs.ts'
import { serverName } from '../find-server.ts'

/** `barman check` found something. */
export class ChecksFailingError extends HowdahError {
  readonly code = 'CHECKS_FAILING'
  constructor(
    readonly server: string,
    readonly failing: readonly Check[],
  ) {
    const named = failing.map(({ name, message }) => `${name}${message === null ? '' : ` (${message})`}`).join(', ')
    const failed = failing.some(({ status }) => status === CheckStatus.FAILED)
    const how = failed ? 'fail' : 'could not be made'
    super(`${failing.length} of Barman's checks of ${server} ${how}: ${named}`, {
      remedy: [...new Set(failing.flatMap(({ hint }) => hint ?? []))].join(' '),
    })
  }
}

/** Runs Barman's checks, logs each, and fails when one does. */
export const runChecks: Step<BackupServerInput> = {
  name: 'run-checks',
  title: "Run Barman's checks",
  usualSeconds: 3,
  // A look can be repeated.
  async isDone() {
    return StepOutcome.NOT_DONE
  },
  async run(context) {
    const name = serverName(context)
    const checks = await context.clients.barman(name).check()
    for (const check of checks) {
      const told = check.message === null ? '' : ` (${check.message})`
      context.log(`${check.name}: ${check.status}${told}${hintOf(check)}`, levelOf(check))
    }
    await context.clients.refreshChecks(name)
    const failing = checks.filter(({ status }) => status !== CheckStatus.OK)
    if (failing.length > 0) throw new ChecksFailingError(name, failing)
    return undefined
  },
}

function hintOf({ status, hint }: Check): string {
  return status === CheckStatus.OK || hint === null ? '' : `. ${hint}`
}

function levelOf({ status }: Check): LogLevel {
  return status === CheckStatus.OK ? LogLevel.INFO : LogLevel.ERROR
}
