import type { NodeData, Stopping } from '../../clients/agent/node-data.ts'
import { loopWaitOf } from '../../domain/configuration/patroni-configuration.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'
import { askNode } from './ask-node.ts'
import { nextStopAction, StopAction, type StopPatience } from './next-stop-action.ts'
import { PostgresNotStoppedError } from './postgres-not-stopped-error.ts'

/** What is done about a node that does not stop, and how the operation's log says it. */
const HELP: Partial<Record<StopAction, { help(node: NodeData): Promise<void>; readonly told: string }>> = {
  [StopAction.END_PATRONI]: { help: (node) => node.endPatroni(), told: 'Patroni does not end: killed' },
  [StopAction.STOP_POSTGRES]: {
    help: (node) => node.stopPostgres(),
    told: 'PostgreSQL goes on without Patroni: asked to stop',
  },
  [StopAction.END_BOTH]: {
    help: (node) => node.endBoth(),
    told: 'PostgreSQL does not end: killed, and recovers from its WAL when it is started again',
  },
}

const TURN_SECONDS = 10
/** Between two looks: runit waits for a Patroni that is up, and answers at once for one that is down. */
const AGAIN_MS = 500
const PATIENCE: StopPatience = { patroniMs: 60_000, idleMs: 20_000, afterPostgresMs: 10_000, cleanMs: 300_000 }

/**
 * Stops Patroni and PostgreSQL while the container lives, and helps where they do not stop. The file "down" keeps Patroni
 * down even when the container is restarted: a node that came back by itself would lead with data that is being given up.
 * It holds the operation's id, which says for what the node is kept down. Already stopped is success.
 * `clean`: PostgreSQL must have written its shutdown checkpoint. Throws PostgresNotStoppedError where it does not come to that, NodeCommandError and UnreachableError.
 */
export async function stopPatroni(
  context: StepContext<unknown>,
  service: string,
  { clean }: { readonly clean: boolean },
): Promise<void> {
  const patience = patienceFor(context)
  const calledAt = context.now().getTime()
  let startedAt: number | null = null
  const asked = { by: context.operation.id, seconds: TURN_SECONDS }
  let endedAt: number | null = null
  for (;;) {
    const seen = await askNode(context, service, (node) => node.stopPatroni(asked))
    const now = context.now().getTime()
    // A container that could not be reached was not asked to stop anything: patience starts with the first answer's turn.
    startedAt ??= Math.max(calledAt, now - TURN_SECONDS * 1000)
    if (seen.postgres === null) endedAt ??= now
    const waitedMs = now - startedAt
    const action = nextStopAction(seen, { clean, waitedMs, endedMs: now - (endedAt ?? now), patience })
    if (action === StopAction.NONE) return
    const waitsFor = describeStopping(seen)
    if (action === StopAction.GIVE_UP) throw new PostgresNotStoppedError(service, waitedMs, waitsFor)
    const known = HELP[action]
    if (known === undefined) {
      context.progress({ message: `${service} is stopping: ${waitsFor}` })
    } else {
      context.log(`${service}, after ${Math.round(waitedMs / 1000)} s: ${known.told} (${waitsFor})`, LogLevel.WARNING)
      await askNode(context, service, known.help)
    }
    context.signal.throwIfAborted()
    await context.sleep(AGAIN_MS)
  }
}

function patienceFor({ cluster }: StepContext<unknown>): StopPatience {
  const cyclesMs = 2 * loopWaitOf(cluster().topology.value?.configuration) * 1000
  return { ...PATIENCE, idleMs: Math.max(PATIENCE.idleMs, cyclesMs + TURN_SECONDS * 1000) }
}

/** For people: who is still there. */
export function describeStopping({ patroni, postgres, control }: Stopping): string {
  if (postgres === null) return patroni ? 'PostgreSQL has ended, Patroni has not' : 'both have ended'
  const processes = postgres.processes.map((title) => title.replace(/^postgres: /, '')).join('; ') || 'its own'
  return `PostgreSQL ${postgres.accepts ? 'still takes connections' : `is "${control ?? 'unknown'}"`}, with the processes ${processes}`
}
