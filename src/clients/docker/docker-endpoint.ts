import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import Docker from 'dockerode'
import { HowdahError, InvalidValueError, messageOf, NotFoundError, UnreachableError } from '../../domain/errors.ts'
import { systemClock } from '../../shared/clock.ts'
import { ContainerConflictError, ContainerMissingError } from './container-errors.ts'
import { createStreamGuard, type LifeSigns, type StreamGuard } from './stream-guard.ts'

/** Opens "unix:///var/run/docker.sock" or "http://docker-proxy:2375". Throws InvalidValueError for anything else. */
export function openDocker(endpoint: string): Docker {
  return new Docker(optionsOf(endpoint))
}

/** Guards the streams of the engine at this endpoint. */
export function openStreamGuard(endpoint: string, signs?: LifeSigns): StreamGuard {
  const options = optionsOf(endpoint)
  // A connection that is kept from before may be dead already.
  const agent = new (options.protocol === 'https' ? HttpsAgent : HttpAgent)({ keepAlive: false })
  const withAgent = { ...options, agent }
  const docker = new Docker(withAgent)
  // The library takes options for it; its types do not know.
  const ping: (options: { abortSignal: AbortSignal }) => Promise<unknown> = docker.ping.bind(docker)
  return createStreamGuard({
    system: `Docker at ${endpoint}`,
    ask: (abortSignal) => ping({ abortSignal }),
    clock: systemClock,
    ...(signs === undefined ? {} : { signs }),
  })
}

function optionsOf(endpoint: string): Docker.DockerOptions {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null
  if (url?.protocol === 'unix:') return { socketPath: url.pathname }
  if (url?.protocol === 'http:' || url?.protocol === 'https:') {
    const protocol = url.protocol === 'https:' ? 'https' : 'http'
    return { protocol, host: url.hostname, port: Number(url.port || 2375) }
  }
  throw new InvalidValueError(`"${endpoint}" is not a Docker endpoint`, {
    remedy: 'Write it as unix:///var/run/docker.sock or http://host:2375.',
  })
}

/**
 * Runs one call of the library's with a deadline of ours: the library gives up on some aborted answers without telling.
 * Throws UnreachableError, NotFoundError for HTTP 404, ContainerConflictError for 409, or the reason of the caller's own signal.
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
  if (status === 404 && /no such container/i.test(reason)) {
    return new ContainerMissingError(`${system}: ${reason}`, { cause: error })
  }
  if (status === 409) return new ContainerConflictError(system.replace(/^Docker /, ''), reason, { cause: error })
  if (status === 404) return new NotFoundError(`${system}: ${reason}`, { cause: error })
  return new UnreachableError(system, reason, { cause: error })
}
