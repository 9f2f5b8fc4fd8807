import { bareName } from '../domain/resource-id.ts'
import { badUserInput } from './format-error.ts'

const CALLED = { Operation: 'an operation', Recovery: 'a recovery' } as const

/** The bare id from "Operation:<id>"; a bare id stays as it is. Throws BAD_USER_INPUT on an id of something else. */
export function readId(type: keyof typeof CALLED, text: string): string {
  const id = bareName(type, text)
  if (id.includes(':')) throw badUserInput(`"${text}" is not the id of ${CALLED[type]}`)
  return id
}
