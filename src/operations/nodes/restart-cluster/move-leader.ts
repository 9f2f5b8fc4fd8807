import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { assessSwitchover } from '../../../domain/cluster/switchover-eligibility.ts'
import { messageOf, UnreachableError, WaitTimeoutError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { readLeader, readLeaderRequest } from '../../leadership/leader-keys.ts'
import { whyNotWellNow } from '../../node-access/node-health.ts'
import { pollUntil } from '../../poll-until.ts'
import { LeaderNotMovedError } from '../node-errors.ts'

const MOVE_MS = 60_000
/** After a refusal, the leader is watched for this long before the refusal is believed. */
const REFUSED_MS = 2_000

/** The replica that is best fit to lead: eligible, and with the least lag. Null: none is. */
export function bestCandidate(cluster: ClusterSnapshot, among: readonly string[]): string | null {
  const lag = (name: string) => viewNode(cluster, name)?.lag?.receiveBytes ?? Number.MAX_SAFE_INTEGER
  const eligible = among.filter((name) => assessSwitchover(cluster, name).eligible)
  return eligible.reduce<string | null>((best, name) => (best !== null && lag(best) <= lag(name) ? best : name), null)
}

/**
 * A switchover away from a node, until another one leads and is writable. Who leads is read from etcd: Patroni's answer
 * only ends the wait sooner. Resolves with the new leader, who may be another than the candidate. Without a candidate
 * nothing is asked for: an earlier attempt has, and it is waited for.
 */
export async function moveLeader(
  context: StepContext<unknown>,
  from: string,
  candidate: string | null,
): Promise<string> {
  const refusal = candidate === null ? null : await askToSwitch(context, from, candidate)
  const look = async () => {
    const leader = await readLeader(context)
    if (leader === null) return 'no node leads yet'
    if (leader === from) return `${from} still leads`
    return whyNotWellNow(context, leader)
  }
  const timeoutMs = refusal === null ? MOVE_MS : REFUSED_MS
  try {
    await pollUntil(context, { what: `${candidate ?? 'another node'} to lead`, timeoutMs, intervalMs: 100, look })
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) || (await readLeader(context)) !== from) throw error
    throw new LeaderNotMovedError(from, refusal ?? messageOf(error))
  }
  const leader = (await readLeader(context)) ?? ''
  const other = candidate !== null && leader !== candidate
  const level = other ? LogLevel.WARNING : LogLevel.INFO
  context.log(`${leader} leads now${other ? `, not ${candidate} as asked` : ''}`, level)
  return leader
}

/** Waits until a node leads and no switchover is under way. */
export async function switchoverSettled(context: StepContext<unknown>): Promise<void> {
  const look = async () => {
    const [leader, request] = await Promise.all([readLeader(context), readLeaderRequest(context)])
    if (leader === null) return 'no node leads'
    // One that is scheduled for later is not this one.
    return request === null || request.at !== null ? null : 'a switchover is under way'
  }
  await pollUntil(context, { what: 'the switchover to be over', timeoutMs: MOVE_MS, look })
}

/** Whether another node leads, and serves as a leader does. */
export async function isWritableElsewhere(context: StepContext<unknown>, from: string): Promise<boolean> {
  const leader = await readLeader(context)
  return leader !== null && leader !== from && (await whyNotWellNow(context, leader)) === null
}

/** Whether another node leads, by the leader key itself. */
export async function movedFrom(context: StepContext<unknown>, from: string): Promise<boolean> {
  const leader = await readLeader(context)
  return leader !== null && leader !== from
}

/** Patroni's refusal; null where it may have been done or may still be. */
async function askToSwitch(context: StepContext<unknown>, from: string, candidate: string): Promise<string | null> {
  await context.checkFence()
  try {
    const request = { leader: from, candidate, at: null }
    const { status, text } = await context.clients.patroni.switchover(from, request, context.signal)
    return status < 300 || /in progress|unknown/i.test(text) ? null : text
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    context.log(`No answer from ${from}: looking at what became of the switchover`, LogLevel.WARNING)
    return null
  }
}
