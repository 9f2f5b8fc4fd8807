import { needsRestart } from '../../../domain/configuration/postmaster-parameters.ts'
import type { StepContext } from '../../context.ts'
import { readLoadedAt, unlessAway } from '../../node-access/node-socket.ts'
import { askedParameters } from './asked-parameters.ts'
import {
  type FileSetting,
  isBySystem,
  type RunningSetting,
  readFileSettings,
  readNormalized,
  readRunningSettings,
} from './node-settings.ts'
import { answering, type UpdateConfigurationState } from './settled-restart-flags.ts'
import type { UpdateConfigurationInput } from './update-configuration-input.ts'

type Context = StepContext<UpdateConfigurationInput, UpdateConfigurationState>

/**
 * Which nodes go on with another value than was asked for, and why: "db2 goes on with work_mem = 4MB (ALTER SYSTEM)". What
 * waits for a restart is not among them, since Patroni flags that.
 */
export async function whyNotInForce(context: Context): Promise<string[]> {
  const asked = [...askedParameters(context.input.patch)].flatMap(([name, value]): [string, string][] =>
    value === null ? [] : [[name, value]],
  )
  if (asked.length === 0) return []
  const each = await Promise.all(answering(context).map((node) => whyNotOn(context, node, asked)))
  return each.flat()
}

async function whyNotOn(context: Context, node: string, asked: readonly [string, string][]): Promise<string[]> {
  const names = asked.map(([name]) => name)
  const read = async () => ({
    files: await readFileSettings(context, node, names),
    running: await readRunningSettings(context, node, names),
  })
  const seen = await unlessAway(read)
  if (seen === null) return [`${node} could not be asked what it runs with`]
  const before = context.state().loadedBefore?.[node]
  const loadedAt = await unlessAway(() => readLoadedAt(context, node))
  const isLoaded = before === undefined || loadedAt === null || loadedAt.toISOString() > before
  const each = asked.map(async ([name, value]) => {
    const now = seen.running.get(name)
    // With which value it runs until its restart, Patroni's flag says.
    if (needsRestart(name) || now?.needsRestart === true) return []
    const why = whyNot(seen.files.get(name), value, isLoaded)
    // Patroni neither writes nor reloads what differs in its writing alone from what runs.
    if (why === null || (now !== undefined && (await runsWith(context, node, name, value, now)))) return []
    return [`${node} goes on without ${name} = ${value}: ${why}`]
  })
  return (await Promise.all(each)).flat()
}

async function runsWith(context: Context, node: string, name: string, value: string, { running }: RunningSetting) {
  return running !== null && (await unlessAway(() => readNormalized(context, node, name, value))) === running
}

function whyNot(setting: FileSetting | undefined, value: string, isLoaded: boolean): string | null {
  if (setting === undefined) return 'Patroni has left it out of its configuration'
  const at = `${setting.file.split('/').at(-1)}, line ${setting.line}`
  if (isBySystem(setting)) return `ALTER SYSTEM has set ${setting.setting} (${at})`
  // Patroni writes a value as it stands in its own configuration.
  if (setting.setting?.toLowerCase() !== value.toLowerCase()) return `its configuration has ${setting.setting} (${at})`
  if (!setting.applied) return `PostgreSQL does not take it: ${setting.error ?? 'without a reason'} (${at})`
  return isLoaded ? null : 'it has not read its configuration since'
}
