import type { PatroniAnswer } from '../../clients/patroni/patroni-commands.ts'
import { assessSwitchover } from '../../domain/cluster/switchover-eligibility.ts'
import { messageOf, UnreachableError } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'
import { measureOutage } from '../node-access/measure-outage.ts'
import { type Look, pollUntil } from '../poll-until.ts'
import { LeaderChangedError, LeaderUnchangedError } from './leader-errors.ts'
import { readLeader, readLeaderRequest } from './leader-keys.ts'

type Context = StepContext<unknown>

const POLL_MS = 50
/** A failover must not wait long for a write that its dead leader cannot take. */
const FIRST_WRITE_MS = 2_000
const WRITABLE_MS = 30_000
/** Patroni reports a switchover that has not ended after 20 s; a leader that freezes in it is replaced after its ttl. */
export const SWITCHOVER_MS = 180_000
/** After an answer that leaves it open, this long nothing may be pending before it counts as not done. */
const GRACE_MS = 5_000

/** Another leader, as Patroni is asked for it. */
export interface LeaderChange {
  /** Who leads now; null: no node. */
  readonly from: string | null
  /** Null: Patroni chooses. */
  readonly candidate: string | null
  /** Keeps that Patroni is being asked. */
  keepAsked(): Promise<unknown>
  ask(): Promise<PatroniAnswer>
  readonly timeoutMs: number
}

export interface LeaderChanged {
  /** Writes go through HAProxy to it, or it says itself that it takes them. */
  readonly leader: string
  /** Seconds for which writes through HAProxy failed; null: not measured. */
  readonly downtimeSeconds: number | null
}

/** How the call to Patroni stands: its answer says less than the keys do. */
interface Asked {
  settledAt: number | null
  /** Nothing was begun, and nothing will be. */
  refused: boolean
  said: string
}

/**
 * Asks Patroni for another leader and waits for what becomes of it, whatever Patroni answers, while it writes through
 * HAProxy all along. Throws LeaderChangedError where another node leads than expected before it asks, and
 * LeaderUnchangedError where the same one leads after it.
 */
export async function changeLeader(context: Context, change: LeaderChange): Promise<LeaderChanged> {
  const { from, timeoutMs } = change
  const leading = await readLeader(context)
  if (leading !== from) throw new LeaderChangedError(from, leading)
  let leader = ''
  const ask = async () => {
    await change.keepAsked()
    const call = follow(context, change.ask())
    const decided = await untilDecided(context, from, call, timeoutMs)
    if (decided === null) throw new LeaderUnchangedError(from, call.said, nodeReasons(context))
    logChange(context, change.candidate, decided)
    leader = decided
    return decided
  }
  const limits = { firstWriteMs: FIRST_WRITE_MS, timeoutMs: WRITABLE_MS }
  const downtimeSeconds = await measureOutage(context, ask, limits)
  return { leader, downtimeSeconds }
}

/**
 * Where a worker was lost after it had asked, Patroni may still be at it: waits for what becomes of that. Answers the new
 * leader; null: it is over, and the leader is the same.
 */
export async function awaitAskedChange(
  context: Context,
  { from, candidate, timeoutMs }: Pick<LeaderChange, 'from' | 'candidate' | 'timeoutMs'>,
): Promise<string | null> {
  const lost = { settledAt: context.now().getTime(), refused: false, said: 'the answer was lost with its worker' }
  const leader = await untilDecided(context, from, lost, timeoutMs)
  if (leader !== null) logChange(context, candidate, leader)
  return leader
}

function logChange(context: Context, candidate: string | null, leader: string): void {
  if (candidate !== null && candidate !== leader) {
    context.log(`${candidate} was to lead, but ${leader} does`, LogLevel.WARNING)
  } else {
    context.log(`${leader} leads`)
  }
}

/** For each node but the leader why it may not take over, or that it may. */
export function nodeReasons(context: Pick<Context, 'cluster'>): string[] {
  const snapshot = context.cluster()
  const others = snapshot.nodes.filter(({ name }) => name !== snapshot.topology.value?.leader)
  return others.map(({ name }) => {
    const { eligible, reasons } = assessSwitchover(snapshot, name)
    return eligible ? `${name} may take over.` : reasons.join(' ')
  })
}

function follow(context: Context, answer: Promise<PatroniAnswer>): Asked {
  const asked: Asked = { settledAt: null, refused: false, said: 'no answer yet' }
  answer.then(
    ({ status, text }) => {
      Object.assign(asked, { refused: status >= 400 && status < 500, said: text || `status ${status}` })
      asked.settledAt = context.now().getTime()
    },
    (error: unknown) => {
      asked.said = messageOf(error)
      asked.settledAt = context.now().getTime()
    },
  )
  return asked
}

/** The new leader; null when it is over and the leader is the same. */
async function untilDecided(
  context: Context,
  from: string | null,
  call: Asked,
  timeoutMs: number,
): Promise<string | null> {
  const look = async (): Promise<Look<string>> => {
    const seen = await readChange(context)
    if (seen === null) return 'etcd cannot be read'
    if (seen.leader !== null && seen.leader !== from) return { done: seen.leader }
    const waitedMs = call.settledAt === null ? null : context.now().getTime() - call.settledAt
    const over = waitedMs !== null && (call.refused || waitedMs > GRACE_MS)
    if (over && !seen.pending && seen.leader === from) return null
    return `${seen.leader ?? 'no node'} leads; Patroni: ${call.said}`
  }
  return pollUntil(context, { what: 'a new leader', timeoutMs, intervalMs: POLL_MS, look })
}

/** In this order: Patroni takes its request back once the new leader has the key. */
async function readChange(context: Context): Promise<{ pending: boolean; leader: string | null } | null> {
  try {
    const request = await readLeaderRequest(context)
    return { pending: request !== null && request.at === null, leader: await readLeader(context) }
  } catch (error) {
    if (error instanceof UnreachableError) return null
    throw error
  }
}
