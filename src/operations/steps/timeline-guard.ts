import { messageOf } from '../../domain/errors.ts'
import { parseLsn } from '../../domain/lsn.ts'
import { LogLevel } from '../../domain/operation-events.ts'
import type { DcsEntry } from '../clients/dcs-commands.ts'
import type { StepContext } from '../context.ts'
import type { CutOverState } from './cut-over-state.ts'
import { pollUntil } from './poll-until.ts'
import { readConfiguration } from './read-configuration.ts'
import { runScript } from './run-on-node.ts'

/**
 * Patroni's own rule that nobody leads who is on an older timeline than the key `history` tells. Without it a replica that
 * was started before it was rewound, with what is being given up, would be elected when the new leader dies.
 */
const GUARD = 'check_timeline'
const WRITE_MS = 20_000

/** `config` with the guard on; null where it is on already. */
export async function guardedConfiguration(
  context: StepContext<unknown>,
): Promise<{ readonly entry: DcsEntry; readonly value: string } | null> {
  const { entry, value } = await readConfiguration(context)
  if (value[GUARD] === true) return null
  return { entry, value: JSON.stringify({ ...value, [GUARD]: true }) }
}

/**
 * Takes the guard off again, where the cut over has put it on. Already off is success; where etcd cannot be written it stays
 * on, which harms nobody while a leader lives.
 */
export async function liftGuard(context: StepContext<unknown>, { guarded }: CutOverState): Promise<void> {
  if (guarded !== true) return
  const look = async () => {
    const { entry, value } = await readConfiguration(context)
    if (value[GUARD] !== true) return null
    const { [GUARD]: _, ...before } = value
    const written = await context.clients.dcs.writeIf('config', JSON.stringify(before), { config: entry })
    return written ? null : 'it was changed meanwhile'
  }
  try {
    await pollUntil(context, { what: "Patroni's configuration to be as it was", timeoutMs: WRITE_MS, look })
  } catch (error) {
    context.signal.throwIfAborted()
    context.log(`${messageOf(error)}: ${GUARD} stays on`, LogLevel.WARNING)
  }
}

/**
 * The history of recovered data as Patroni keeps it in etcd: [timeline, where it was left, why]. By it Patroni knows which
 * timeline the cluster is on before anybody leads.
 */
export async function readHistory(
  context: StepContext<unknown>,
  service: string,
  directory: string,
  timeline: number,
): Promise<string> {
  const file = `${directory}/pg_wal/${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`
  const text = await runScript(context, service, 'cat "$1"', [file], { user: 'postgres' })
  const lines = text.split('\n').flatMap((line) => {
    const [left = '', at = '', why = ''] = line.split('\t')
    return /^\d+$/.test(left) ? [[Number(left), Number(parseLsn(at)), why]] : []
  })
  return JSON.stringify(lines)
}
