import type { ServerResponse } from 'node:http'

/** Events that may wait for one reader. */
const MAX_WAITING = 16

/**
 * The flow of server-sent events to one reader. graphql-sse queues without bound, so results ask for room first; a
 * chunk that is not taken in time ends the response.
 */
export class EventFlow {
  readonly #slowMs: number
  #waiting = 0
  #ended = false
  #wake: (() => void) | null = null
  #stop: () => Promise<unknown> = async () => {}

  constructor(slowMs: number) {
    this.#slowMs = slowMs
  }

  /** Resolves when one more event may be queued, or the reader is gone. */
  async room(): Promise<void> {
    while (this.#waiting >= MAX_WAITING && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#waiting++
  }

  /** Writes until the events end or the reader leaves or is too slow. */
  async pump(events: AsyncGenerator<string, void, undefined>, response: ServerResponse): Promise<void> {
    this.#stop = () => events.return()
    response.once('close', () => this.end())
    for await (const chunk of events) {
      if (!(await this.#write(chunk, response))) break
      if (chunk.startsWith('event: next')) this.#waiting--
      this.#tell()
    }
    await this.end()
    response.end()
  }

  async end(): Promise<void> {
    this.#ended = true
    this.#tell()
    await this.#stop()
  }

  #write(chunk: string, response: ServerResponse): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#ended || !response.writable) return resolve(false)
      const timer = setTimeout(() => {
        response.destroy()
        resolve(false)
      }, this.#slowMs)
      response.write(chunk, (error) => {
        clearTimeout(timer)
        resolve(error == null)
      })
    })
  }

  #tell(): void {
    this.#wake?.()
    this.#wake = null
  }
}
