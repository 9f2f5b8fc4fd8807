import { messageOf, UnexpectedAnswerError, UnreachableError } from '../domain/errors.ts'

export interface TextRequest {
  /** The system, as a person would call it: "Patroni db2". */
  readonly system: string
  readonly url: string
  /** Milliseconds for the whole answer, body included. */
  readonly timeoutMs: number
  /** Statuses that carry an answer; by default 200 alone. */
  readonly statuses?: readonly number[]
  readonly signal?: AbortSignal | undefined
}

/** GETs a body. Throws UnreachableError when it does not come in time, or with another status. */
export async function fetchText(request: TextRequest): Promise<string> {
  const timeout = AbortSignal.timeout(request.timeoutMs)
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal])
  const { status, body } = await fetch(request.url, { signal })
    .then(async (response) => ({ status: response.status, body: await response.text() }))
    .catch((error: unknown) => {
      if (request.signal?.aborted === true) throw request.signal.reason
      const reason = timeout.aborted ? `no answer within ${request.timeoutMs} ms` : reasonOf(error)
      throw new UnreachableError(request.system, reason, { cause: error })
    })
  if (!(request.statuses ?? [200]).includes(status)) {
    throw new UnreachableError(request.system, `HTTP ${status} from ${new URL(request.url).pathname}`)
  }
  return body
}

/** Reads JSON; throws UnexpectedAnswerError, which names the system, when it is none. */
export function parseJson(system: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UnexpectedAnswerError(system, `no JSON: ${messageOf(error)}`, { cause: error })
  }
}

// fetch says "fetch failed" and keeps the network's own words in the cause.
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (!(cause instanceof Error)) return messageOf(error)
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message
}
