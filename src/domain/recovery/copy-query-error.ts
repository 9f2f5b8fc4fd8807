import { HowdahError } from '../errors.ts'

/** The copy's PostgreSQL did not answer a query: its error. */
export class CopyQueryError extends HowdahError {
  readonly code = 'COPY_QUERY'
  constructor(
    /** Null where there was no answer at all. */
    readonly sqlstate: string | null,
    /** PostgreSQL's sentence. */
    readonly said: string,
  ) {
    super(`the recovered PostgreSQL refused a query (SQLSTATE ${sqlstate ?? 'none'}): ${said}`)
  }
}
