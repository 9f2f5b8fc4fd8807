import type { PatroniAnswer } from '../../clients/patroni/patroni-commands.ts'
import type { RunningWriteProbe, WriteOutage } from '../../clients/postgres/write-probe.ts'
import { LoginRefusedError } from '../../domain/cluster/login-refusal.ts'
import { assessSwitchover } from '../../domain/cluster/switchover-eligibility.ts'
import { messageOf, UnreachableError, WaitTimeoutError } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'
import { StepOutcome } from '../define-operation.ts'
import { requireWrites } from '../node-access/confirm-writes.ts'
import type { LeaderChangeInput, LeaderChangeState } from './leader-change.ts'
import { LeaderChangedError, LeaderUnchangedError } from './leader-errors.ts'
import { readLeader, readLeaderRequest, readNewLeader } from './leader-keys.ts'

type Context = StepContext<LeaderChangeInput, LeaderChangeState>

const POLL_MS = 50
/** Writes that fail before anything was done are not waited for long. */
const PROBE_MS = 2_000
const WRITABLE_MS = 30_000
/** After an answer that leaves it open, this long nothing may be pending before it counts as not done. */
const GRACE_MS = 5_000

/** How the call to Patroni stands: its answer says less than the keys do. */
interface Asked {
  settledAt: number | null
  /** Nothing was begun, and nothing will be. */
  refused: boolean
  said: string
}

/**
 * Asks Patroni for another leader and waits for what becomes of it, whatever Patroni answers, while it writes through
 * HAProxy all along. Returns the new leader and for how long writes failed; throws LeaderUnchangedError.
 */
export async function changeLeader(
  context: Context,
  request: { ask(): Promise<PatroniAnswer>; timeoutMs: number },
): Promise<LeaderChangeState> {
  const { from = null, asked } = context.state()
  if (asked === true) {
    // A worker was lost after it had asked: Patroni may still be at it.
    const lost = { settledAt: context.now().getTime(), refused: false, said: 'the answer was lost with its worker' }
    const leader = await untilDecided(context, from, lost, request.timeoutMs)
    if (leader !== null) return changed(context, leader, null)
  } else {
    const leader = await readLeader(context)
    if (leader !== from) throw new LeaderChangedError(from, leader)
  }
  const probe = context.writeProbe.start()
  let stopped: Promise<WriteOutage> | null = null
  try {
    const measured = await isWriting(context, probe)
    await context.keep({ asked: true }, 'Asking Patroni')
    const call = follow(context, request.ask())
    const leader = await untilDecided(context, from, call, request.timeoutMs)
    if (leader === null) throw new LeaderUnchangedError(from, call.said, nodeReasons(context))
    const wait = () => probe.untilWritable(WRITABLE_MS)
    const written = await requireWrites(context, { leader, wait, timeoutMs: WRITABLE_MS })
    stopped = probe.stop()
    const outage = measured && written ? await stopped : null
    return { ...changed(context, leader, outage), writable: true }
  } finally {
    await (stopped ?? probe.stop())
  }
}

/**
 * `isDone` of a step that changes the leader: before Patroni was asked, whether it is already so; after that, whether another
 * node leads, which is saved for later steps.
 */
export async function leaderChangeDone(context: Context, alreadySo: () => Promise<boolean>): Promise<StepOutcome> {
  const { asked, from = null } = context.state()
  if (asked !== true) return (await alreadySo()) ? StepOutcome.DONE : StepOutcome.NOT_DONE
  const leader = await readNewLeader(context, from)
  if (leader === null) return StepOutcome.NOT_DONE
  await context.keep(changed(context, leader, null), 'Patroni went on without the worker')
  return StepOutcome.DONE
}

/** Whether the node that was chosen, or else asked for, leads; false while none is named. */
export async function candidateLeads(context: Context): Promise<boolean> {
  const candidate = context.state().candidate ?? context.input.candidate ?? null
  return candidate !== null && (await readLeader(context)) === candidate
}

/** Tells where it landed and what it cost, and answers what later steps and later plans need. */
function changed(context: Context, leader: string, outage: WriteOutage | null): LeaderChangeState {
  const { candidate } = context.state()
  if (candidate !== undefined && candidate !== null && candidate !== leader) {
    context.log(`${candidate} was to lead, but ${leader} does`, LogLevel.WARNING)
  } else {
    context.log(`${leader} leads`)
  }
  if (outage === null) {
    context.log('The write outage could not be measured completely')
    return { leader }
  }
  const { seconds, failedWrites, writes } = outage
  context.log(`Writes failed for ${seconds.toFixed(1)} s (${failedWrites} of ${failedWrites + writes} probes)`)
  return { leader, downtimeSeconds: Math.round(seconds * 1000) / 1000 }
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

async function isWriting(context: Context, probe: RunningWriteProbe): Promise<boolean> {
  const ready = probe.ready.then(
    () => true,
    // Logged after the change, where it is still so.
    (error: unknown) => (error instanceof LoginRefusedError ? null : false),
  )
  const writing = await Promise.race([ready, context.sleep(PROBE_MS).then(() => false)])
  if (writing !== false) return writing === true
  context.log('Writes through HAProxy fail already', LogLevel.WARNING)
  return false
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
  const startedAt = context.now().getTime()
  for (;;) {
    const seen = await look(context)
    const now = context.now().getTime()
    if (seen !== null) {
      if (seen.leader !== null && seen.leader !== from) return seen.leader
      const waited = call.settledAt === null ? -1 : now - call.settledAt
      const over = call.settledAt !== null && (call.refused || waited > GRACE_MS)
      if (over && !seen.pending && seen.leader === from) return null
    }
    if (now - startedAt > timeoutMs) {
      const last = seen === null ? 'etcd cannot be read' : `${seen.leader ?? 'no node'} leads; Patroni: ${call.said}`
      throw new WaitTimeoutError('a new leader', last, now - startedAt)
    }
    await context.sleep(POLL_MS)
  }
}

/** In this order: Patroni takes its request back once the new leader has the key. */
async function look(context: Context): Promise<{ pending: boolean; leader: string | null } | null> {
  try {
    const request = await readLeaderRequest(context)
    return { pending: request !== null && request.at === null, leader: await readLeader(context) }
  } catch (error) {
    if (error instanceof UnreachableError) return null
    throw error
  }
}
