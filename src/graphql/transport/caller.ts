import { z } from 'zod'
import { type Actor, Surface, type TokenOwner } from '../../domain/operation/operation.ts'

const MAX_NAME = 100

/** What a program may call itself; the other surfaces are parts of Howdah. */
const surfaceSchema = z.enum([Surface.API, Surface.CLI, Surface.CONSOLE]).catch(Surface.API)
const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(MAX_NAME)
  .regex(/^\P{C}+$/u)
  .nullable()
  .catch(null)

/** From where a request comes, and for whom: as its sender says, for the record alone. What cannot be read is left out. */
export interface Caller {
  readonly surface: unknown
  readonly onBehalfOf: unknown
}

/** The headers `Howdah-Surface` and `Howdah-On-Behalf-Of`. */
export function callerOf(headers: Readonly<Record<string, unknown>>): Caller {
  return { surface: headers['howdah-surface'], onBehalfOf: headers['howdah-on-behalf-of'] }
}

/** The owner of a token, with what the sender says beside it. */
export function actorOf(owner: TokenOwner, { surface, onBehalfOf }: Caller): Actor {
  return {
    ...owner,
    surface: surfaceSchema.parse(surface),
    onBehalfOf: nameSchema.parse(onBehalfOf),
  }
}
