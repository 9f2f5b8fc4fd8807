import { needsRestart } from '../../../domain/configuration/postmaster-parameters.ts'
import type { StepContext } from '../../context.ts'
import { readLoadedAt, unlessAway } from '../../node-access/node-socket.ts'
import { askedParameters } from './asked-parameters.ts'
import { type FileSetting, isBySystem, readFileSettings } from './node-settings.ts'
import { answering, type UpdateConfigurationState } from './settled-restart-flags.ts'
import type { UpdateConfigurationInput } from './update-configuration-input.ts'

type Context = StepContext<UpdateConfigurationInput, UpdateConfigurationState>

/**
 * Which nodes go on with another value than was asked for, and why: "db2 goes on with work_mem = 4MB (ALTER SYSTEM)". What
 * waits for a restart is not among them, since Patroni flags that.
 */
export async function whyNotInForce(context: Context): Promise<string[]> {
  const asked = [...askedParameters(context.input.patch)].filter(([, value]) => value !== null) as [string, string][]
  if (asked.length === 0) return []
  const each = await Promise.all(answering(context).map((node) => whyNotOn(context, node, asked)))
  return each.flat()
}

async function whyNotOn(context: Context, node: string, asked: readonly [string, string][]): Promise<string[]> {
  const names = asked.map(([name]) => name)
  const settings = await unlessAway(() => readFileSettings(context, node, names))
  if (settings === null) return [`${node} could not be asked what it runs with`]
  const before = context.state().loadedBefore?.[node]
  const loadedAt = await unlessAway(() => readLoadedAt(context, node))
  const isLoaded = before === undefined || loadedAt === null || loadedAt.toISOString() > before
  return asked.flatMap(([name, value]) => {
    const why = whyNot(settings.get(name), name, value, isLoaded)
    return why === null ? [] : [`${node} goes on without ${name} = ${value}: ${why}`]
  })
}

function whyNot(setting: FileSetting | undefined, name: string, value: string, isLoaded: boolean): string | null {
  if (setting === undefined) return 'Patroni has left it out of its configuration'
  const at = `${setting.file.split('/').at(-1)}, line ${setting.line}`
  if (isBySystem(setting)) return `ALTER SYSTEM has set ${setting.setting} (${at})`
  // With which value it runs until then, Patroni's flag says.
  if (needsRestart(name)) return null
  // Patroni writes a value as it stands in its own configuration.
  if (setting.setting?.toLowerCase() !== value.toLowerCase()) return `its configuration has ${setting.setting} (${at})`
  if (!setting.applied) return `PostgreSQL does not take it: ${setting.error ?? 'without a reason'} (${at})`
  return isLoaded ? null : 'it has not read its configuration since'
}
