import { parseJson } from '../clients/fetch-text.ts'
import { anyObject, parseAnswer } from '../clients/parse-answer.ts'
import type { PatroniControl } from '../clients/patroni/patroni-control.ts'
import { UnreachableError } from '../domain/errors.ts'
import type { PatroniCommands } from '../operations/clients/patroni-commands.ts'

/** A switchover and a restart answer when they are over. */
const BLOCKING_MS = 120_000

export function patroniCommands(call: PatroniControl): PatroniCommands {
  return {
    switchover: (via, { leader, candidate, at }, signal) =>
      call({
        node: via,
        method: 'POST',
        path: '/switchover',
        body: {
          leader,
          ...(candidate === null ? {} : { candidate }),
          ...(at === null ? {} : { scheduled_at: at.toISOString() }),
        },
        timeoutMs: BLOCKING_MS,
        signal,
      }),
    cancelSwitchover: (via) => call({ node: via, method: 'DELETE', path: '/switchover' }),
    failover: (via, candidate, signal) =>
      call({ node: via, method: 'POST', path: '/failover', body: { candidate }, timeoutMs: BLOCKING_MS, signal }),
    restart: (node, { pendingOnly }, signal) =>
      call({
        node,
        method: 'POST',
        path: '/restart',
        body: pendingOnly ? { restart_pending: true } : {},
        timeoutMs: BLOCKING_MS,
        signal,
      }),
    reload: (node) => call({ node, method: 'POST', path: '/reload', body: {} }),
    reinitialize: (node, { force }) => call({ node, method: 'POST', path: '/reinitialize', body: { force } }),
    patchConfiguration: (via, patch) => call({ node: via, method: 'PATCH', path: '/config', body: patch }),
    configuration: async (node) => {
      const system = `Patroni ${node}`
      const { status, text } = await call({ node, method: 'GET', path: '/config' })
      if (status !== 200) throw new UnreachableError(system, `${status} ${text}`.trim())
      return parseAnswer(system, anyObject, parseJson(system, text))
    },
  }
}
