import type { WebSocket } from 'ws'

/**
 * "Try again later": the subscriber did not take what it was sent. Reconnect, and subscribe again with `after`. graphql-ws does
 * so by itself; every code from 4400 on is fatal to it.
 */
export const CLOSE_TOO_SLOW = 1013
/** Bytes that may wait for one socket, whatever the time. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024
/** How long a socket that was cut off may take to read its close code. */
const LINGER_MS = 5_000

/** Sends on a socket; reports when the other side takes nothing. */
export class GuardedSocket {
  readonly #socket: WebSocket
  readonly #slowMs: number
  readonly #onTooSlow: () => void
  #waiting = 0
  #timer: NodeJS.Timeout | null = null

  constructor(socket: WebSocket, slowMs: number, onTooSlow: () => void) {
    this.#socket = socket
    this.#slowMs = slowMs
    this.#onTooSlow = onTooSlow
    socket.once('close', () => this.#stopTimer())
  }

  /** Resolves when the message is with the operating system, or never will be. */
  send(message: string): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting++
      if (this.#timer === null) this.#startTimer()
      this.#socket.send(message, () => {
        this.#waiting--
        this.#stopTimer()
        if (this.#waiting > 0) this.#startTimer()
        resolve()
      })
      if (this.#socket.bufferedAmount > MAX_WAITING_BYTES) this.#cutOff()
    })
  }

  #startTimer(): void {
    this.#timer = setTimeout(() => this.#cutOff(), this.#slowMs)
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #cutOff(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.close(CLOSE_TOO_SLOW, 'Subscriber too slow')
    setTimeout(() => this.#socket.terminate(), LINGER_MS).unref()
    this.#onTooSlow()
  }
}
