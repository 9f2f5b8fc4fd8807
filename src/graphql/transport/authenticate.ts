import { createHash, timingSafeEqual } from 'node:crypto'
import type { ApiToken } from '../../config/configuration.ts'
import type { Actor } from '../../domain/operation/operation.ts'

/** Whose token it is; null for an unknown one. */
export type Authenticate = (credential: unknown) => Actor | null

/**
 * Takes "Bearer <token>" or a bare token. Every token is compared, in constant time, whatever was found: how long it
 * takes tells nothing.
 */
export function createAuthenticator(tokens: readonly ApiToken[]): Authenticate {
  const known = tokens.map(({ name, role, sha256 }) => ({ actor: { name, role }, digest: Buffer.from(sha256, 'hex') }))
  return (credential) => {
    if (typeof credential !== 'string') return null
    const token = credential.replace(/^Bearer +/i, '').trim()
    const digest = createHash('sha256').update(token).digest()
    let found: Actor | null = null
    for (const { actor, digest: expected } of known) {
      if (expected.length === digest.length && timingSafeEqual(expected, digest)) found = actor
    }
    return token === '' ? null : found
  }
}
