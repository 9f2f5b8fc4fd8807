import type { DcsEntry } from '../../clients/patroni/patroni-keys-commands.ts'
import { messageOf } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import { parseLsn } from '../../domain/wal/lsn.ts'
import type { StepContext } from '../context.ts'
import { askNode } from '../node-access/ask-node.ts'
import { pollUntil } from '../poll-until.ts'
import { readConfiguration } from './read-configuration.ts'

/**
 * Patroni's own rule that no node on an older timeline than that of the key `history` leads. Without it a replica that
 * was started before it was rewound, with what is being given up, would be elected when the new leader dies.
 */
const GUARD = 'check_timeline'
/** Beside it, in the same key: the operation that has set it. A guard without this mark is a user's own, and stays. */
const MARK = 'howdah_check_timeline'
const WRITE_MS = 20_000

/** The operation that has put the guard on for its own time; null where none has. */
export function guardSetBy(configuration: Readonly<Record<string, unknown>>): string | null {
  const mark = configuration[MARK]
  return typeof mark === 'string' ? mark : null
}

/** A configuration after a user's patch: a guard that the patch sets is the user's own. */
export function ownGuard(
  configuration: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (!(GUARD in patch)) return configuration
  const { [MARK]: _, ...own } = configuration
  return own
}

/** `config` with the guard on; null where it is on already. */
export async function guardedConfiguration(
  context: StepContext<unknown>,
): Promise<{ readonly entry: DcsEntry; readonly value: string } | null> {
  const { entry, value } = await readConfiguration(context)
  if (value[GUARD] === true) return null
  return { entry, value: JSON.stringify({ ...value, [GUARD]: true, [MARK]: context.operation.id }) }
}

/**
 * Takes the guard off again, where this cut-over has put it on: for a roll-back. Where etcd cannot be written it stays on,
 * which does no harm while a leader lives, and is taken off later.
 */
export async function liftGuard(
  context: StepContext<unknown>,
  { guarded }: { readonly guarded?: boolean | undefined },
): Promise<void> {
  if (guarded === true) await liftHowdahsGuard(context)
}

/** The same, whichever operation has put it on: for when every node follows. */
export async function liftHowdahsGuard(context: StepContext<unknown>): Promise<void> {
  try {
    await takeGuardOff(context)
  } catch (error) {
    context.signal.throwIfAborted()
    context.log(`${messageOf(error)}: ${GUARD} stays on for now`, LogLevel.WARNING)
  }
}

/** Already off, and a user's own, is success. Throws WaitTimeoutError and UnreachableError. */
export async function takeGuardOff(context: StepContext<unknown>): Promise<void> {
  const look = async () => {
    const { entry, value } = await readConfiguration(context)
    if (guardSetBy(value) === null) return null
    const { [GUARD]: _, [MARK]: __, ...before } = value
    const written = await context.clients.dcs.writeIf('config', JSON.stringify(before), { config: entry })
    return written ? null : 'it was changed meanwhile'
  }
  await pollUntil(context, { what: "Patroni's configuration to be as it was", timeoutMs: WRITE_MS, look })
}

/**
 * The history of recovered data as Patroni keeps it in etcd: [timeline, where it was left, why]. By it Patroni knows which
 * timeline the cluster is on before a node leads.
 */
export async function readHistory(
  context: StepContext<unknown>,
  service: string,
  directory: string,
  timeline: number,
): Promise<string> {
  const left = await askNode(context, service, (node) => node.history(directory, timeline))
  return JSON.stringify(left.map(({ timeline: number, lsn, reason }) => [number, Number(parseLsn(lsn)), reason]))
}
