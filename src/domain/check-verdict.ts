import { type Check, CheckStatus } from './check.ts'

/** What the checks of a verification come to. A warning is reported, and does not keep it from passing. */
export enum Verdict {
  PASSED = 'PASSED',
  /** Something was proved to be wrong. */
  FAILED = 'FAILED',
  /** Nothing is known to be wrong, and of a part nothing is known at all. */
  NOT_CHECKED = 'NOT_CHECKED',
}

export function verdictOf(checks: readonly Pick<Check, 'status'>[]): Verdict {
  if (checks.some(({ status }) => status === CheckStatus.FAILED)) return Verdict.FAILED
  return checks.some(({ status }) => status === CheckStatus.UNKNOWN) ? Verdict.NOT_CHECKED : Verdict.PASSED
}

/** "failed: checksums: ...; not checked: assertion 2: ..."; null where all passed. */
export function describeFaults(checks: readonly Check[]): string | null {
  const parts = [...named('failed', checks, CheckStatus.FAILED), ...named('not checked', checks, CheckStatus.UNKNOWN)]
  return parts.length === 0 ? null : parts.join('; ')
}

function named(how: string, checks: readonly Check[], wanted: CheckStatus): string[] {
  const those = checks.filter(({ status }) => status === wanted)
  if (those.length === 0) return []
  return [
    `${how}: ${those.map(({ name, message }) => (message === null ? name : `${name}: ${bare(message)}`)).join('; ')}`,
  ]
}

/** The message of a check that was not made says so by itself, too. */
function bare(message: string): string {
  return message.replace(/^not checked: /, '')
}
