import type { DcsEntry } from '../../clients/patroni/patroni-keys-commands.ts'
import { isJsonObject } from '../../domain/configuration/merge-patch.ts'
import { NotFoundError, UnexpectedAnswerError } from '../../domain/errors.ts'
import type { StepContext } from '../context.ts'

/** Patroni's dynamic configuration as it stands in etcd now, with the entry that a compare-and-set needs. */
export async function readConfiguration(
  context: StepContext<unknown>,
): Promise<{ readonly entry: DcsEntry; readonly value: Readonly<Record<string, unknown>> }> {
  const entry = await context.clients.dcs.read('config')
  if (entry === null) throw new NotFoundError(`cluster ${context.layout.name} has no dynamic configuration in etcd`)
  const value = parsed(entry.value)
  if (!isJsonObject(value)) throw new UnexpectedAnswerError('etcd', "Patroni's key config is no JSON object")
  return { entry, value }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
