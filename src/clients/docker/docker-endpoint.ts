import Docker from 'dockerode'
import { HowdahError, InvalidValueError, messageOf, NotFoundError, UnreachableError } from '../../domain/errors.ts'

/** Opens "unix:///var/run/docker.sock" or "http://docker-proxy:2375". Throws InvalidValueError for anything else. */
export function openDocker(endpoint: string): Docker {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null
  if (url?.protocol === 'unix:') return new Docker({ socketPath: url.pathname })
  if (url?.protocol === 'http:' || url?.protocol === 'https:') {
    const protocol = url.protocol === 'https:' ? 'https' : 'http'
    return new Docker({ protocol, host: url.hostname, port: Number(url.port || 2375) })
  }
  throw new InvalidValueError(`"${endpoint}" is not a Docker endpoint`, {
    remedy: 'Write it as unix:///var/run/docker.sock or http://host:2375.',
  })
}

/**
 * Runs one call of the library's with a deadline of ours: the library gives up on some aborted answers without telling.
 * Throws UnreachableError, NotFoundError for HTTP 404, or the reason of the caller's own signal.
 */
export async function callDocker<T>(
  options: { system: string; timeoutMs: number; signal?: AbortSignal | undefined },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { system, timeoutMs, signal } = options
  signal?.throwIfAborted()
  const over = new AbortController()
  const late = new UnreachableError(system, `no answer within ${timeoutMs} ms`)
  const timer = setTimeout(() => over.abort(late), timeoutMs)
  const cancel = () => over.abort(signal?.reason)
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const ended = new Promise<never>((_, reject) => {
      over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true })
    })
    return await Promise.race([run(over.signal), ended])
  } catch (error) {
    throw over.signal.aborted ? over.signal.reason : toHowdahError(system, error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
  }
}

export function toHowdahError(system: string, error: unknown): HowdahError {
  if (error instanceof HowdahError) return error
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null
  const reason = messageOf(error).trim()
  if (status === 404) return new NotFoundError(`${system}: ${reason}`, { cause: error })
  return new UnreachableError(system, reason, { cause: error })
}
