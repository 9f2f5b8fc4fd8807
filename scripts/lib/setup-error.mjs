// @ts-check

/** What stops a command, in words for the person who typed it: what is wrong, what to do, what was last seen. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {{ remedy?: string, detail?: string }} [more]
   */
  constructor(message, { remedy = '', detail = '' } = {}) {
    super(message)
    this.name = 'SetupError'
    this.remedy = remedy
    this.detail = detail
  }
}

/**
 * Runs an entry point. Known faults are reported without a stack trace.
 * @param {() => Promise<unknown>} main
 */
export async function entryPoint(main) {
  try {
    await main()
  } catch (error) {
    console.error(describe(error))
    process.exitCode = 1
  }
}

/** @param {unknown} error */
export function describe(error) {
  if (!(error instanceof SetupError)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [error.message, error.detail, error.remedy].filter((part) => part !== '').join('\n\n')
}
