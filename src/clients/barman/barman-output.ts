import { z } from 'zod'
import { UnexpectedAnswerError } from '../../domain/errors.ts'
import { parseJson } from '../fetch-text.ts'
import { anyObject, parseAnswer } from '../parse-answer.ts'

const messages = z.array(z.string()).catch([])

/** What Barman said for people beside its result. */
export interface BarmanMessages {
  readonly info: readonly string[]
  readonly warnings: readonly string[]
  readonly errors: readonly string[]
}

/**
 * Reads the one JSON document of `barman -f json ...`: the result without the arrays of messages (`_INFO`, `_ERROR` ...)
 * that stand among it, and the messages. Throws UnexpectedAnswerError when it is none.
 */
export function parseBarmanOutput(stdout: string): {
  result: Readonly<Record<string, unknown>>
  messages: BarmanMessages
} {
  const document = parseAnswer('Barman', anyObject, parseJson('Barman', stdout))
  const result = Object.fromEntries(Object.entries(document).filter(([key]) => !key.startsWith('_')))
  const said = (...keys: string[]) => keys.flatMap((key) => messages.parse(document[key] ?? []))
  return {
    result,
    messages: { info: said('_INFO'), warnings: said('_WARNING'), errors: said('_ERROR', '_EXCEPTION') },
  }
}

/** What Barman says of one server; throws UnexpectedAnswerError with Barman's own errors when it says nothing of it. */
export function resultOfServer(stdout: string, server: string): unknown {
  const { result, messages } = parseBarmanOutput(stdout)
  const found = result[server]
  if (found === undefined) {
    throw new UnexpectedAnswerError('Barman', messages.errors.join('; ') || `nothing about the server "${server}"`)
  }
  return found
}
