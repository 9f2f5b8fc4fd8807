import { NodeCommandError } from '../../../domain/cluster/node-command-error.ts'
import { messageOf, NotFoundError, UnreachableError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { BadValueError, OverriddenError } from '../configuration-errors.ts'
import { askedParameters } from './asked-parameters.ts'
import { isBySystem, readFileSettings, readMissingLibraries, resetOf, tryOptions } from './node-settings.ts'
import { answering, type UpdateConfigurationState } from './settled-restart-flags.ts'
import type { UpdateConfigurationInput } from './update-configuration-input.ts'

type Context = StepContext<UpdateConfigurationInput, UpdateConfigurationState>

const PRELOADED = /^(shared|session)_preload_libraries$/

/**
 * Asks each node's own PostgreSQL, before anything is written, whether it takes the values, and whether they would come into
 * force: what was set with ALTER SYSTEM comes before whatever Patroni writes.
 */
export const tryValues: Step<UpdateConfigurationInput, UpdateConfigurationState> = {
  name: 'try-values',
  title: 'Try the values on each node',
  usualSeconds: 0.3,
  applies: ({ input }) => askedParameters(input.patch).size > 0,

  // It changes nothing.
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const asked = askedParameters(context.input.patch)
    await Promise.all(
      answering(context).map(async (node) => {
        try {
          await requireTaken(context, node, asked)
          await requireNotOverridden(context, node, [...asked.keys()])
        } catch (error) {
          // Nor is it kept from being put right: which value it runs with is looked at later.
          if (!isAway(error)) throw error
          context.log(`${node} could not be asked whether it takes the values: ${messageOf(error)}`, LogLevel.WARNING)
        }
      }),
    )
    return undefined
  },
}

/** A node whose PostgreSQL does not run, or whose container is not found, says nothing of values. */
function isAway(error: unknown): boolean {
  return error instanceof UnreachableError || error instanceof NodeCommandError || error instanceof NotFoundError
}

/** Throws BadValueError with PostgreSQL's words. */
async function requireTaken(context: Context, node: string, asked: ReadonlyMap<string, string | null>): Promise<void> {
  const values = [...asked].flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))
  const [first] = values
  if (first === undefined) return
  const { exitCode, stderr } = await tryOptions(context, node, values, first[0])
  if (exitCode !== 0) {
    const words = wordsOf(stderr)
    // Without a word of PostgreSQL's it has not judged: its container was stopped meanwhile, say.
    throw words === null
      ? new NodeCommandError(node, 'postgres', `exit code ${exitCode}`)
      : new BadValueError(node, words)
  }
  const lists = values.flatMap(([name, value]) => (PRELOADED.test(name) ? [value] : []))
  const missing = await readMissingLibraries(context, node, lists)
  if (missing.length > 0) throw new BadValueError(node, `there is no library ${missing.join(', ')}`)
}

/** Throws OverriddenError where ALTER SYSTEM has set one of them. */
async function requireNotOverridden(context: Context, node: string, names: readonly string[]): Promise<void> {
  const settings = await readFileSettings(context, node, names)
  const overridden = [...settings].flatMap(([name, setting]) => (isBySystem(setting) ? [name] : []))
  if (overridden.length === 0) return
  const service = serviceOf(context.layout, node)
  const container = context.layout.services.find(({ name }) => name === service)?.container ?? service
  throw new OverriddenError(node, overridden, resetOf(container, overridden))
}

/** "invalid value for parameter "TimeZone": "Mars"; Unrecognized key word", without the time and the process. */
function wordsOf(stderr: string): string | null {
  const words = stderr.split('\n').flatMap((line) => /\b(?:FATAL|DETAIL|HINT): +(.*)$/.exec(line)?.[1] ?? [])
  return words.length === 0 ? null : words.join(' ')
}
