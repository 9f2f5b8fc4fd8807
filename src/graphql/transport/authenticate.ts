import { createHash, timingSafeEqual } from 'node:crypto'
import type { ApiToken } from '../../config/configuration.ts'
import type { TokenOwner } from '../../domain/operation/operation.ts'

/** Whose token it is; null for an unknown one. */
export type Authenticate = (credential: unknown) => TokenOwner | null

/**
 * Takes "Bearer <token>" or a bare token. Every token is compared, in constant time, whatever was found: how long it
 * takes tells nothing.
 */
export function createAuthenticator(tokens: readonly ApiToken[]): Authenticate {
  const known = tokens.map(({ name, role, sha256 }) => ({ owner: { name, role }, digest: Buffer.from(sha256, 'hex') }))
  return (credential) => {
    if (typeof credential !== 'string') return null
    const token = credential.replace(/^Bearer +/i, '').trim()
    const digest = createHash('sha256').update(token).digest()
    let found: TokenOwner | null = null
    for (const { owner, digest: expected } of known) {
      if (expected.length === digest.length && timingSafeEqual(expected, digest)) found = owner
    }
    return token === '' ? null : found
  }
}
