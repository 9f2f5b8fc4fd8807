import { UnreachableError } from '../../domain/errors.ts'
import type { Clock } from '../../shared/clock.ts'

/** How a silent engine is told from a silent stream. */
export interface LifeSigns {
  /** Milliseconds between two questions, and for which each may take to be answered. */
  readonly everyMs: number
  /** So many questions in a row without an answer, and without a byte on any stream, are the end. */
  readonly misses: number
}

/** A stream ends at most 16 s after its engine, or the way to it, has vanished. */
export const LIFE_SIGNS: LifeSigns = { everyMs: 4_000, misses: 3 }

/**
 * The streams of one engine: followed logs, what a command says, events, builds. None of them gives a sign of life of its
 * own: from a host that loses its power, a daemon that is frozen or a proxy whose other end is gone there comes no end
 * either, and its reader would wait for ever. So the engine is asked, beside its streams and for as long as there are any.
 */
export interface StreamGuard {
  /** What the stream gives, however long it is silent; throws UnreachableError when its engine gives no sign of life. */
  read(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer>
  /** The same for what is no stream yet: calls back once with the reason, until the returned function is called. */
  watch(onGone: (reason: UnreachableError) => void): () => void
}

export function createStreamGuard(deps: {
  /** By which errors name the engine. */
  readonly system: string
  /** Resolves when the engine has answered; on a connection of its own. */
  readonly ask: (signal: AbortSignal) => Promise<unknown>
  readonly clock: Clock
  readonly signs?: LifeSigns
}): StreamGuard {
  const { system, ask, clock, signs = LIFE_SIGNS } = deps
  const guarded = new Set<(reason: UnreachableError) => void>()
  /** Ends the asking; null while nothing is guarded. */
  let asking: AbortController | null = null
  let heard = false

  const askOnAndOn = async (signal: AbortSignal) => {
    const turn = () => clock.sleep(signs.everyMs, signal).catch(() => {})
    let missed = 0
    // Most streams end before they are worth a question.
    await turn()
    while (!signal.aborted) {
      heard = false
      const next = turn()
      const answered = await isAnswered(signal)
      missed = answered || heard ? 0 : missed + 1
      if (missed >= signs.misses) {
        missed = 0
        const reason = new UnreachableError(system, 'it gives no sign of life, so what was read from it is given up')
        for (const tell of [...guarded]) tell(reason)
      }
      await next
    }
  }
  const isAnswered = async (signal: AbortSignal): Promise<boolean> => {
    const over = new AbortController()
    const either = AbortSignal.any([over.signal, signal])
    const no = () => false
    const question = ask(either).then(() => true, no)
    const answered = await Promise.race([question, clock.sleep(signs.everyMs, either).then(no, no)])
    over.abort()
    return answered
  }
  const watch: StreamGuard['watch'] = (onGone) => {
    const own = (reason: UnreachableError) => onGone(reason)
    guarded.add(own)
    if (asking === null) {
      asking = new AbortController()
      void askOnAndOn(asking.signal)
    }
    return () => {
      guarded.delete(own)
      if (guarded.size > 0) return
      asking?.abort()
      asking = null
    }
  }

  return {
    watch,
    async *read(stream) {
      const release = watch((reason) => {
        if (isDestroyable(stream)) stream.destroy(reason)
      })
      try {
        for await (const chunk of stream) {
          heard = true
          yield Buffer.from(chunk)
        }
      } finally {
        release()
      }
    },
  }
}

function isDestroyable(stream: object): stream is { destroy(reason: Error): void } {
  return 'destroy' in stream && typeof stream.destroy === 'function'
}
