import { RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import type { StepContext } from '../../../src/operations/context.ts'
import type { AnyOperation, Step } from '../../../src/operations/define-operation.ts'
import type { OperationRegistry } from '../../../src/operations/load-operations.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'

/** What a step does here instead of what it does to the stack. Returns what later steps and the result go by. */
export type ScriptedStep = (
  context: StepContext<OperationInput & { readonly recovery?: string }, object>,
) => Promise<object | undefined>

/** By the step's name. What is missing does nothing. */
export type StepScript = Map<string, ScriptedStep>

/** The same kinds, checked and planned by their own code; their steps do what the script says at the moment. */
export function withScriptedSteps(registry: OperationRegistry, script: StepScript): OperationRegistry {
  const scripted = ({ isDone: _isDone, undo: _undo, ...step }: Step<OperationInput>): Step<OperationInput> => ({
    ...step,
    run: async (context) => script.get(step.name)?.(context),
  })
  return new Map(
    [...registry].map(([name, kind]): [string, AnyOperation] => [name, { ...kind, steps: kind.steps.map(scripted) }]),
  )
}

/** A rehearsal that finds everything as it has to be, and its end. */
export function rehearsalScript(): StepScript {
  return new Map<string, ScriptedStep>([
    [
      'prepare-recovery',
      async ({ recoveries, operation: { id } }) => {
        const {
          id: _,
          cluster,
          createdAt,
          updatedAt,
          operationId,
          ...begun
        } = recoveryRecord({
          id,
          target: {},
          backupId: '2026000001',
          downtimeSeconds: 0,
        })
        await recoveries.begin(begun)
        return undefined
      },
    ],
    ['replay-wal', async ({ recoveries, operation: { id } }) => changed(recoveries.change(id, { reached: REACHED }))],
    [
      'verify-copy',
      async ({ recoveries, operation: { id }, now }) => {
        const verification = { at: now().toISOString(), passed: true, message: 'as it has to be', checks: [] }
        return changed(recoveries.change(id, { verification }))
      },
    ],
    [
      'publish-copy',
      async ({ recoveries, operation: { id } }) => changed(recoveries.change(id, { status: RecoveryStatus.READY })),
    ],
    [
      'discard-data',
      async ({ recoveries, input: { recovery = '' } }) =>
        changed(recoveries.change(recovery.replace('Recovery:', ''), { status: RecoveryStatus.DISCARDED })),
    ],
  ])
}

const REACHED = { time: '2026-11-22T15:49:58.123456Z', lsn: '0/9000000', xid: '812' }

/** A step keeps nothing of the record that it has changed. */
async function changed(change: Promise<unknown>): Promise<undefined> {
  await change
}
