// @ts-check
import { IS_NODE } from './existing-data.mjs'

/** @typedef {import('./stack-readiness.mjs').Missing} Missing */
/** @typedef {import('./services.mjs').Service} Service */

/** What Patroni and PostgreSQL write within a few turns of Patroni's loop. */
const LAST_LINES = '40'
/** Of the stack's own roles: that an application is refused keeps no node from leading. */
const REFUSED = /password authentication failed for user "(postgres|replicator|barman|howdah)"/

/**
 * Without a leader the API cannot say why there is none. Where the nodes refuse logins, that is the cause: their logs say so.
 * @param {readonly Missing[]} missing
 * @param {readonly Service[]} services
 * @param {import('./docker-command.mjs').Docker} docker
 * @returns {Promise<readonly Missing[]>} With the refused login first, where there is one.
 */
export async function withRefusedLogin(missing, services, docker) {
  if (!missing.some(({ what }) => what === 'a leader')) return missing
  for (const { name, id, state } of services) {
    if (!IS_NODE.test(name) || state !== 'running') continue
    const { output } = await docker(['logs', '--tail', LAST_LINES, id], { timeoutMs: 10_000 })
    const line = output.split('\n').findLast((text) => REFUSED.test(text))
    if (line === undefined) continue
    const role = REFUSED.exec(line)?.[1]
    return [
      { service: name, what: `a login that is refused: ${name} does not take the password of ${role} that is here` },
      ...missing,
    ]
  }
  return missing
}

/**
 * What to do about the first of them, as far as it is known.
 * @param {readonly Missing[]} missing
 */
export function remedyOf(missing) {
  return missing[0]?.what.startsWith('a login that is refused') === true
    ? 'If the secrets here are those of this data, set them again: npm run secrets:reset'
    : ''
}
