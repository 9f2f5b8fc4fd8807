import { messageOf } from '../domain/errors.ts'

/** How long a process may take to stop before it is ended; shorter than the containers' grace period. */
const DRAIN_MS = 25_000

/**
 * Runs an entry point: starts it, drains it once on SIGTERM or SIGINT, and ends the process with 1 when it cannot start
 * or will not stop. The only place that ends the process.
 */
export async function runProcess(start: () => Promise<{ stop(): Promise<void> }>): Promise<void> {
  try {
    const running = await start()
    let stopping = false
    const stop = () => {
      if (stopping) return
      stopping = true
      setTimeout(() => end(1, `did not stop within ${DRAIN_MS / 1000} s`), DRAIN_MS).unref()
      running.stop().then(
        () => process.exit(0),
        (error: unknown) => end(1, `did not stop cleanly: ${messageOf(error)}`),
      )
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
  } catch (error) {
    end(1, messageOf(error))
  }
}

function end(code: number, message: string): never {
  process.stderr.write(`howdah: ${message}\n`)
  process.exit(code)
}
