import {
  isJsonObject,
  jsonChanges,
  mergePatch,
  reversePatch,
  sameJson,
} from '../../../domain/configuration/merge-patch.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { ConfigurationConflictError } from '../configuration-errors.ts'
import { readConfiguration } from '../read-configuration.ts'
import { ownGuard } from '../timeline-guard.ts'
import { readLoadTimes, type UpdateConfigurationState } from './settled-restart-flags.ts'
import type { UpdateConfigurationInput } from './update-configuration-input.ts'

type Context = StepContext<UpdateConfigurationInput, UpdateConfigurationState>

/**
 * Writes the patched configuration, if it still is the one that the plan was made on: compare-and-set in etcd. A worker
 * that takes over finds the patch in it, or not.
 */
export const writeConfiguration: Step<UpdateConfigurationInput, UpdateConfigurationState> = {
  name: 'write-configuration',
  title: 'Write the configuration',
  usualSeconds: 0.1,

  async isDone(context) {
    const { value } = await readConfiguration(context)
    return sameJson(patched(value, context.input.patch), value) ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { entry, value } = await readConfiguration(context)
    const basis = basisOf(context)
    const foreign = jsonChanges(basis, value)
    if (foreign.length > 0) throw new ConfigurationConflictError(foreign)
    const next = patched(value, context.input.patch)
    const loadedBefore = await readLoadTimes(context)
    await context.checkFence()
    // From here on the configuration may be this operation's: only then does undo have anything to do.
    await context.keep({ writing: true, loadedBefore }, 'Writing the configuration')
    if (await context.clients.dcs.writeIf('config', JSON.stringify(next), { config: entry })) return undefined
    const now = await readConfiguration(context)
    await context.keep({ writing: false }, 'Another client was faster: nothing was written')
    throw new ConfigurationConflictError(jsonChanges(basis, now.value))
  },

  /** Only what this operation has set and no other client has changed since. */
  async undo(context) {
    if (context.state().writing !== true) return
    const { entry, value } = await readConfiguration(context)
    const { patch } = context.input
    const basis = basisOf(context)
    if (sameJson(value, basis)) return
    if (!sameJson(mergePatch(value, patch), value)) {
      context.log('Another client has changed the same settings since: they were left as they are')
      return
    }
    const former = mergePatch(value, reversePatch(basis, patch))
    if (await context.clients.dcs.writeIf('config', JSON.stringify(former), { config: entry })) return
    throw new ConfigurationConflictError(jsonChanges(value, (await readConfiguration(context)).value))
  },
}

function patched(value: Readonly<Record<string, unknown>>, patch: Readonly<Record<string, unknown>>) {
  return ownGuard(mergePatch(value, patch), patch)
}

/** The configuration that the plan was made on. */
function basisOf(context: Context): Readonly<Record<string, unknown>> {
  const configuration = context.operation.plan.basis?.['configuration']
  return isJsonObject(configuration) ? configuration : {}
}
