import { messageOf, NotFoundError, UnreachableError } from '../../domain/errors.ts'
import type { PatroniNode } from './patroni-client.ts'

/** Patroni's answer to an unsafe call: the status, and the sentence in its body. */
export interface ControlAnswer {
  readonly status: number
  readonly text: string
}

export interface ControlRequest {
  /** Name of the member that is asked. */
  readonly node: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** "/switchover" */
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  /** Milliseconds: a switchover and a restart answer when they are over. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Patroni's authenticated calls. Resolves with any HTTP answer; throws UnreachableError when there is none (the call may
 * have been done all the same), NotFoundError for a member that is not configured, and the signal's reason.
 */
export type PatroniControl = (request: ControlRequest) => Promise<ControlAnswer>

export function createPatroniControl(deps: {
  readonly nodes: readonly PatroniNode[]
  readonly credentials: { readonly username: string; readonly password: string }
}): PatroniControl {
  const { username, password } = deps.credentials
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  return async ({ node, method, path, body, timeoutMs = 10_000, signal }) => {
    const { apiUrl } = deps.nodes.find(({ name }) => name === node) ?? {}
    if (apiUrl === undefined) throw new NotFoundError(`no node "${node}" is configured`)
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(`${apiUrl}${path}`, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      })
      return { status: response.status, text: (await response.text()).trim() }
    } catch (error) {
      signal?.throwIfAborted()
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      const reason = timeout.aborted ? `no answer within ${timeoutMs} ms` : messageOf(cause)
      throw new UnreachableError(`Patroni ${node}`, reason, { cause: error })
    }
  }
}
