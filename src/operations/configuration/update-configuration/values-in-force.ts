import { needsRestart } from '../../../domain/configuration/postmaster-parameters.ts'
import type { StepContext } from '../../context.ts'
import { readLoadedAt, unlessAway } from '../../node-access/node-socket.ts'
import { askedParameters } from './asked-parameters.ts'
import {
  type FileSetting,
  isBySystem,
  type RunningSetting,
  readFileSettings,
  readRunningSettings,
  tryOptions,
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
  // What waits for its restart Patroni flags.
  const atOnce = asked.filter(([name]) => !needsRestart(name))
  const files = await unlessAway(() => readFileSettings(context, node, namesOf(atOnce)))
  if (files === null) return [`${node} could not be asked what it runs with`]
  const before = context.state().loadedBefore?.[node]
  const loadedAt = await unlessAway(() => readLoadedAt(context, node))
  const isLoaded = before === undefined || loadedAt === null || loadedAt.toISOString() > before
  const doubted = atOnce.flatMap(([name, value]) => {
    const why = whyNot(files.get(name), value, isLoaded)
    return why === null ? [] : [{ name, value, why }]
  })
  if (doubted.length === 0) return []
  const running = await unlessAway(() =>
    readRunningSettings(
      context,
      node,
      doubted.map(({ name }) => name),
    ),
  )
  const each = doubted.map(async ({ name, value, why }) => {
    const inForce = await isInForce(context, node, [name, value], running?.get(name))
    return inForce ? [] : [`${node} goes on without ${name} = ${value}: ${why}`]
  })
  return (await Promise.all(each)).flat()
}

const namesOf = (values: readonly (readonly [name: string, value: string])[]) => values.map(([name]) => name)

/** Patroni neither writes nor reloads what differs in its writing alone from what runs. An extension's may take a restart. */
async function isInForce(context: Context, node: string, [name, value]: [string, string], now?: RunningSetting) {
  if (now === undefined || now.needsRestart) return now !== undefined
  const tried = await unlessAway(() => tryOptions(context, node, [[name, value]], name))
  return tried?.exitCode === 0 && tried.stdout.replace(/\n$/, '') === now.running
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
