import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Seconds after which a client that was refused may try again; what `Retry-After` says. */
export const RETRY_AFTER_SECONDS = 5

/** For how long one connection too many may take to say what it wants: the answer has to fit its request. */
const REFUSAL_MS = 5_000

/**
 * Counts the connections of one server. Those beyond the limit are answered with a refusal (503) and ended: the way to the
 * published port is Docker's userland proxy, which does not survive more of them than its file limit allows, and would take
 * all others with it.
 */
export interface ConnectionLimit {
  /** Whether the connection is one too many: its request is to be refused, and the connection closed after that. */
  isOver(socket: Socket): boolean
}

export function limitConnections(
  server: Server,
  { maxConnections }: { readonly maxConnections: number },
): ConnectionLimit {
  let open = 0
  const over = new WeakSet<Socket>()
  let waiting = 0
  server.on('connection', (socket: Socket) => {
    open += 1
    socket.once('close', () => {
      open -= 1
    })
    if (open - waiting <= maxConnections) return
    over.add(socket)
    // Those that are only there to be refused are bounded as well.
    if (waiting >= maxConnections) {
      socket.destroy()
      return
    }
    waiting += 1
    const timer = setTimeout(() => socket.destroy(), REFUSAL_MS)
    socket.once('close', () => {
      waiting -= 1
      clearTimeout(timer)
    })
  })
  return { isOver: (socket) => over.has(socket) }
}
