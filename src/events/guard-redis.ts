import { LogUnavailableError } from './event-errors.ts'

/** Tells a Redis that is away from a fault of ours: script errors pass as they are. */
export async function guard<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError' && !/^(LOADING|READONLY|MISCONF)/.test(error.message)) {
      throw error
    }
    throw new LogUnavailableError(error)
  }
}
