import { UnreachableError } from '../../domain/errors.ts'
import { parseJson } from '../fetch-text.ts'
import { anyObject, parseAnswer } from '../parse-answer.ts'
import type { ControlAnswer, PatroniControl } from './patroni-control.ts'

/** What Patroni said to an unsafe call: its status says less than the cluster does afterwards. */
export type PatroniAnswer = ControlAnswer

/**
 * Patroni's unsafe REST calls, and what a step must read from one member, each through the member that is named. A call resolves with any HTTP answer, and throws
 * UnreachableError when there is none: then it may have been done or not. Nothing here decides what became of it.
 */
export interface PatroniCommands {
  /** Blocks until it is over, or at once (202) with a time. */
  switchover(
    via: string,
    request: { readonly leader: string; readonly candidate: string | null; readonly at: Date | null },
    signal?: AbortSignal,
  ): Promise<PatroniAnswer>
  /** 404 when none is scheduled. */
  cancelSwitchover(via: string): Promise<PatroniAnswer>
  failover(via: string, candidate: string, signal?: AbortSignal): Promise<PatroniAnswer>
  /** Restarts the member's PostgreSQL; blocks until it is over. */
  restart(node: string, request: { readonly pendingOnly: boolean }, signal?: AbortSignal): Promise<PatroniAnswer>
  reload(node: string): Promise<PatroniAnswer>
  /** Answers when it has begun. */
  reinitialize(node: string, request: { readonly force: boolean }): Promise<PatroniAnswer>
  /** Merges the patch into the dynamic configuration; null removes a key. */
  patchConfiguration(via: string, patch: Readonly<Record<string, unknown>>): Promise<PatroniAnswer>
  /**
   * The dynamic configuration as the member last saw it, which is what it applies. Throws UnreachableError and
   * UnexpectedAnswerError.
   */
  configuration(node: string): Promise<Readonly<Record<string, unknown>>>
}

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
