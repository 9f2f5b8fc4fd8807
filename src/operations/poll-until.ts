import { WaitTimeoutError } from '../domain/errors.ts'
import type { Progress } from '../domain/operation/operation.ts'
import type { StepContext } from './context.ts'

/** It is not so yet. */
export interface NotYet {
  /** What was seen instead; the last one is in the error of a wait that ends too late. */
  readonly seen: string
  /** How far it is: the time counts from when this last changed. Left out: from the start. */
  readonly mark?: string | number
  /** Milliseconds, where as things stand it is not worth waiting for as long as otherwise, or is for longer. */
  readonly timeoutMs?: number
  readonly progress?: Partial<Progress>
  /** What a wait that ends too late throws, after so many milliseconds in all; WaitTimeoutError when left out. */
  readonly error?: (waitedMs: number) => Error
}

/** What a look has found: null when it is so, or what comes of it; a sentence, or more, while it is not. */
export type Look<T> = null | string | NotYet | { readonly done: T }

export interface Wait<T> {
  /** Completes "waited for". */
  readonly what: string
  /** Milliseconds from the start, or from when it last moved: see NotYet.mark. */
  readonly timeoutMs: number
  readonly intervalMs?: number
  look(): Promise<Look<T>> | Look<T>
}

/** Looks again and again until it is so. Throws the wait's error, the signal's reason, and what `look` throws. */
export async function pollUntil<T = null>(context: StepContext<unknown>, wait: Wait<T>): Promise<T | null> {
  const startedAt = context.now().getTime()
  let movedAt = startedAt
  let mark: string | number | undefined
  for (;;) {
    const look = await wait.look()
    if (look === null) return null
    if (typeof look === 'object' && 'done' in look) return look.done
    const notYet: NotYet = typeof look === 'string' ? { seen: look } : look
    const now = context.now().getTime()
    if (notYet.mark !== mark) [mark, movedAt] = [notYet.mark, now]
    if (notYet.progress !== undefined) context.progress(notYet.progress)
    if (now - movedAt > (notYet.timeoutMs ?? wait.timeoutMs)) {
      const waitedMs = now - startedAt
      throw notYet.error?.(waitedMs) ?? new WaitTimeoutError(wait.what, notYet.seen, waitedMs)
    }
    await context.sleep(wait.intervalMs ?? 200)
  }
}

/** The same where it is no failure when it is late: answers what was last seen then, and null when it is so. */
export async function lateAfter(context: StepContext<unknown>, wait: Wait<null>): Promise<string | null> {
  try {
    return await pollUntil(context, wait)
  } catch (error) {
    if (error instanceof WaitTimeoutError) return error.lastSeen
    throw error
  }
}
