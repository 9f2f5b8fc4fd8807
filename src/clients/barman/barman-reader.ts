import type { z } from 'zod'
import type { DiskUsage } from '../../domain/backup/backup-server.ts'
import { UnexpectedAnswerError, UnreachableError } from '../../domain/errors.ts'
import type { Clock } from '../../shared/clock.ts'
import { createBackoff } from '../../shared/retry.ts'
import { parseAnswer } from '../parse-answer.ts'
import {
  type BarmanDirectories,
  type CataloguePart,
  cataloguePart,
  commandResult,
  directoriesResult,
  diskResult,
  type ReaderEvent,
  readerAnswer,
  readerEvent,
  watchResult,
} from './reader-protocol.ts'
import { type OpenSsh, openSsh, type SshDestination, type SshSession } from './ssh-session.ts'

/**
 * Barman, read only, over one SSH session that stays open and comes back by itself. Calls throw UnreachableError while it
 * is away, when it goes away under them, and when there is no answer in time; UnexpectedAnswerError otherwise.
 */
export interface BarmanReader {
  /** Standard output of `barman -f json ...`, whatever its exit code: `check` exits with 1 when a check fails. */
  barman(args: readonly string[]): Promise<string>
  /** Whole lines of the WAL catalogue from a byte on; `anchor` is the line before it, without its end. */
  catalogue(request: { position: number; limit: number; anchor: string | null }): Promise<CataloguePart>
  disk(): Promise<DiskUsage>
  directories(): Promise<BarmanDirectories>
  start(listener: ReaderListener): void
  /** Where the session is away, tries now to have it back: resolves when it is up, or that try has failed. */
  reconnect(): Promise<void>
  /** Resolves when the SSH process is gone. */
  stop(): Promise<void>
}

export interface ReaderListener {
  /** Each time that the session is up: changes before that were not reported. */
  readonly onConnected: () => void
  readonly onLost: (reason: string) => void
  readonly onEvent: (event: ReaderEvent) => void
}

export interface BarmanReaderDeps {
  readonly server: string
  readonly destination: SshDestination
  readonly clock: Clock
  readonly open?: OpenSsh
  readonly timeoutMs?: number
  /** `check` talks to PostgreSQL. */
  readonly commandTimeoutMs?: number
}

interface Pending {
  readonly settle: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export function createBarmanReader(deps: BarmanReaderDeps): BarmanReader {
  const { server, destination, clock, open = openSsh, timeoutMs = 5_000, commandTimeoutMs = 60_000 } = deps
  const system = `Barman (${destination.user}@${destination.host})`
  const stopping = new AbortController()
  const pending = new Map<number, Pending>()
  let session: SshSession | null = null
  let lastReason = 'not connected yet'
  let lastId = 0
  let running: Promise<void> = Promise.resolve()
  let isUp = false
  let wake = () => {}
  let waiting: (() => void)[] = []
  const tried = (up: boolean) => {
    isUp = up
    const told = waiting
    waiting = []
    for (const tell of told) tell()
  }

  const ask = <T extends z.ZodType>(schema: T, request: object, answerMs = timeoutMs): Promise<z.output<T>> => {
    const id = ++lastId
    return new Promise((resolve, reject) => {
      if (session === null) return reject(new UnreachableError(system, lastReason))
      const timer = setTimeout(() => {
        pending.delete(id)
        reject(new UnreachableError(system, `no answer within ${answerMs} ms`))
      }, answerMs)
      pending.set(id, {
        settle: (result) => {
          clearTimeout(timer)
          try {
            resolve(parseAnswer(system, schema, result))
          } catch (error) {
            reject(error)
          }
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      session.send(JSON.stringify({ id, ...request }))
    })
  }

  const take = (line: string, listener: ReaderListener) => {
    const document = parseLine(line)
    const answer = readerAnswer.safeParse(document)
    if (answer.success) {
      const waiting = answer.data.id === null ? undefined : pending.get(answer.data.id)
      if (answer.data.id !== null) pending.delete(answer.data.id)
      if (answer.data.ok) waiting?.settle(answer.data.result)
      else waiting?.reject(new UnexpectedAnswerError(system, answer.data.error))
      return
    }
    const event = readerEvent.safeParse(document)
    if (event.success && event.data.server === server) listener.onEvent(event.data)
  }

  /** One session, from its first byte to its end. */
  const serve = (listener: ReaderListener, onUp: () => void) =>
    new Promise<void>((resolve) => {
      const opened = open(destination, {
        onLine: (line) => take(line, listener),
        onEnd: (reason) => {
          session = null
          lastReason = reason
          stopping.signal.removeEventListener('abort', kill)
          for (const { reject } of pending.values()) reject(new UnreachableError(system, reason))
          pending.clear()
          if (!stopping.signal.aborted) listener.onLost(reason)
          resolve()
        },
      })
      session = opened
      const kill = () => opened.kill()
      stopping.signal.addEventListener('abort', kill)
      ask(watchResult, { op: 'watch', server }, 15_000).then(
        () => {
          onUp()
          listener.onConnected()
        },
        // No answer to the first question: start over.
        () => opened.kill(),
      )
    })

  const run = async (listener: ReaderListener) => {
    const backoff = createBackoff({ initialMs: 250, maxMs: 5_000 })
    while (!stopping.signal.aborted) {
      await serve(listener, () => {
        backoff.reset()
        tried(true)
      })
      tried(false)
      const nap = new AbortController()
      wake = () => nap.abort()
      await clock.sleep(backoff.next(), AbortSignal.any([stopping.signal, nap.signal])).catch(() => {})
    }
  }

  return {
    barman: async (args) => {
      const { stdout, stderr, exitCode } = await ask(commandResult, { op: 'barman', args }, commandTimeoutMs)
      if (stdout.trim() !== '') return stdout
      throw new UnexpectedAnswerError(system, stderr.trim() || `barman ${args[0]} ended with exit code ${exitCode}`)
    },
    catalogue: ({ anchor, ...request }) =>
      ask(cataloguePart, { op: 'catalogue', server, ...request, ...(anchor === null ? {} : { anchor }) }, 15_000),
    disk: () => ask(diskResult, { op: 'disk', server }),
    directories: () => ask(directoriesResult, { op: 'directories', server }),
    start: (listener) => {
      running = run(listener)
    },
    reconnect: async () => {
      if (isUp || stopping.signal.aborted) return
      const told = new Promise<void>((resolve) => waiting.push(resolve))
      wake()
      await told
    },
    stop: async () => {
      stopping.abort()
      await running
      tried(false)
    },
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Not the reader's: sshd or a shell said something.
    return null
  }
}
