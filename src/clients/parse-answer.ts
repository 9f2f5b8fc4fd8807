import { z } from 'zod'
import { UnexpectedAnswerError } from '../domain/errors.ts'

/** Parses what a system answered; throws UnexpectedAnswerError, with the place of each fault, when it does not fit. */
export function parseAnswer<T extends z.ZodType>(system: string, schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer)
  if (!parsed.success) throw new UnexpectedAnswerError(system, z.prettifyError(parsed.error).replaceAll('\n', '; '))
  return parsed.data
}

/** An object of whatever keys, as Patroni's tags and dynamic configuration are. */
export const anyObject = z.record(z.string(), z.unknown())

/** "" and what is left out are null. */
export const optionalText = z
  .string()
  .nullish()
  .transform((text) => (text === undefined || text === '' ? null : text))
