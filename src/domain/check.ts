/** Outcome of one check. */
export enum CheckStatus {
  OK = 'OK',
  WARNING = 'WARNING',
  FAILED = 'FAILED',
  UNKNOWN = 'UNKNOWN',
}

/** One check of Barman's or of a plan, with what to do about it. */
export interface Check {
  name: string
  status: CheckStatus
  message: string | null
  hint: string | null
}
