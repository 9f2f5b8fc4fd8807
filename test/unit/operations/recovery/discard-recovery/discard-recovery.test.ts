import { describe, expect, test } from 'vitest'
import type { BarmanCommands } from '../../../../../src/clients/barman/barman-commands.ts'
import { ServiceState } from '../../../../../src/domain/cluster/node.ts'
import { type RecoveryRecord, RecoveryStatus } from '../../../../../src/domain/recovery/recovery.ts'
import { parseOperationInput } from '../../../../../src/operations/parse-operation-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { discardData } from '../../../../../src/operations/recovery/discard-recovery/discard-data.ts'
import discardRecovery from '../../../../../src/operations/recovery/discard-recovery/discard-recovery.kind.ts'
import { DiscardRecoveryInput } from '../../../../../src/operations/recovery/discard-recovery/discard-recovery-input.ts'
import { serviceOf, servicesSeen } from '../../../../support/builders/cluster.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'
import { FakeBarman } from '../../../../support/fakes/fake-barman.ts'
import { FakeNodeData, refusal } from '../../../../support/fakes/fake-node-data.ts'
import { FakeRecoveredCopy } from '../../../../support/fakes/fake-recovered-copy.ts'
import { FakeRecoveries } from '../../../../support/fakes/fake-recoveries.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const EXPIRES = '2026-11-23T12:00:00.000Z'
const connection = { host: 'localhost', port: 54320, database: 'postgres', user: 'rehearsal', password: 'p' }
const previous = {
  node: 'db2',
  directory: '/data/patroni2.previous-r1',
  timeline: 1,
  endLsn: '0/9000000',
  bytes: 3 * 1024 ** 2,
}
const of = (status: RecoveryStatus, changes: Partial<RecoveryRecord> = {}) =>
  recoveryRecord({ id: 'r1', status, directory: '/var/lib/barman/recoveries/r1', ...changes })

const READY = of(RecoveryStatus.READY, { connection, expiresAt: EXPIRES })
const COMPLETED = of(RecoveryStatus.COMPLETED, { service: 'db2', node: 'db2', previous })
const UNDONE = of(RecoveryStatus.UNDONE, { service: 'db2', node: 'db2', previous })

const contextOf = (fields: Partial<DiscardRecoveryInput>, ...recoveries: RecoveryRecord[]) =>
  planContext(new DiscardRecoveryInput(), { recovery: 'r1', ...fields }, {}, [], recoveries)
/** While an operation works on the last of them. */
const workedOn = (record: RecoveryRecord) =>
  planContext(
    new DiscardRecoveryInput(),
    { recovery: 'r1' },
    {},
    [],
    [record],
    new Map(),
    new Set([record.operationId]),
  )

describe('discardRecovery is refused', () => {
  const notReady = ['RECOVERY_NOT_READY at recovery']
  const cases: [string, Partial<DiscardRecoveryInput>, RecoveryRecord, string[]][] = [
    ['never when it is READY', {}, READY, []],
    ['never when it is named as Recovery.id has it', { recovery: 'Recovery:r1' }, READY, []],
    ['never a second time', {}, of(RecoveryStatus.DISCARDED), []],
    ['of a recovery that there is not', { recovery: 'r9' }, READY, ['UNKNOWN_RECOVERY at recovery']],
    ['never when it was left in its restore', {}, of(RecoveryStatus.RESTORING), []],
    ['never when it was left in its replay', {}, of(RecoveryStatus.REPLAYING), []],
    ['never when it was left in its verification', {}, of(RecoveryStatus.VERIFYING), []],
    ['when it was left in its cut-over', {}, of(RecoveryStatus.CUTTING_OVER), notReady],
    ['never once it has failed', {}, of(RecoveryStatus.FAILED), []],
    ['never for that with previousData', { previousData: true }, of(RecoveryStatus.FAILED), []],
    ['once it is COMPLETED and can be undone', {}, COMPLETED, ['HAS_PREVIOUS_DATA at previousData']],
    ['for that when told no', { previousData: false }, COMPLETED, ['HAS_PREVIOUS_DATA at previousData']],
    ['unconfirmed with previousData', { previousData: true }, COMPLETED, ['CONFIRMATION_REQUIRED at confirm']],
    ['never for that with previousData, confirmed', { previousData: true, confirm: 'patroni' }, COMPLETED, []],
    ['never for its plan', { previousData: true, dryRun: true }, COMPLETED, []],
    ['never when what it had kept is gone', {}, { ...COMPLETED, previous: null }, []],
    ['once it is UNDONE, and keeps what was undone', {}, UNDONE, ['HAS_PREVIOUS_DATA at previousData']],
    ['never for that with previousData either', { previousData: true, confirm: 'patroni' }, UNDONE, []],
  ]
  test.each(cases)('%s', async (_, fields, record, expected) => {
    const refusals = await discardRecovery.check(contextOf(fields, recoveryRecord(), record))
    expect(refusals.map(({ code, field }) => `${code} at ${field}`)).toEqual(expected)
  })
})

describe('where what holds the data does not run, discardRecovery names what starts it', () => {
  const without = (record: RecoveryRecord, state: ServiceState) => {
    const services = servicesSeen(['db1', 'db2', 'barman'].map((name) => serviceOf(name, { state })))
    const fields = { recovery: 'r1', previousData: true, confirm: 'patroni' }
    return planContext(new DiscardRecoveryInput(), fields, { services }, [], [record])
  }
  test.each([
    [READY, ServiceState.EXITED, 'startService(input: {service: "barman"})'],
    [COMPLETED, ServiceState.EXITED, 'startService(input: {service: "db2"})'],
    [COMPLETED, ServiceState.MISSING, 'npm start'],
  ])('%o, %s', async (record, state, remedy) => {
    const refusals = await discardRecovery.check(without(record, state))
    expect(refusals).toMatchObject([{ code: 'SERVICE_NOT_RUNNING', remedy: expect.stringContaining(remedy) }])
  })

  test('and wants nothing where nothing is left', async () => {
    expect(await discardRecovery.check(without({ ...COMPLETED, previous: null }, ServiceState.EXITED))).toEqual([])
  })
})

describe('while an operation works on it', () => {
  test.each(['RESTORING', 'REPLAYING', 'VERIFYING', 'CUTTING_OVER'] as const)('%s is not discarded', async (status) => {
    const record = of(RecoveryStatus[status])
    const [refusal] = await discardRecovery.check(workedOn(record))
    expect(refusal).toMatchObject({ code: 'RECOVERY_NOT_READY', field: 'recovery' })
    expect(refusal?.remedy).toContain(`cancelOperation(id: "Operation:${record.operationId}")`)
  })
})

describe('the plan of discardRecovery', () => {
  const cases: [string, RecoveryRecord, { summary: string; dataLoss: RegExp | null }][] = [
    ['names the copy', READY, { summary: 'keeps: /var/lib/barman/recoveries/r1 on barman', dataLoss: null }],
    [
      'names what a cut-over has kept, how large it is, and what is lost with it',
      COMPLETED,
      { summary: 'keeps: /data/patroni2.previous-r1 on db2, 3 MiB', dataLoss: /can no longer be undone/ },
    ],
    [
      'says no size that was not measured',
      { ...COMPLETED, previous: { ...previous, bytes: null } },
      { summary: 'keeps: /data/patroni2.previous-r1 on db2', dataLoss: /can no longer be undone/ },
    ],
  ]
  test.each(cases)('%s', async (_, record, expected) => {
    const plan = await planOperation(discardRecovery, contextOf({}, record))
    expect(plan.summary).toBe(`Removes what recovery r1 ${expected.summary}`)
    if (expected.dataLoss === null) expect(plan.dataLoss).toBeNull()
    else expect(plan.dataLoss).toMatch(expected.dataLoss)
    expect(plan.downtimeSeconds).toBe(0)
    expect(plan.steps.map(({ name }) => name)).toEqual(discardRecovery.steps.map(({ name }) => name))
  })

  test('claims recoveries and nothing of the cluster', () => {
    expect(discardRecovery.claims?.(contextOf({}, READY))).toEqual([{ resource: 'recovery', mode: 'EXCLUSIVE' }])
  })
})

/** The step, and what it does in order: to the copy, to the run that restores it, and on nodes. */
function discardOf(
  record: RecoveryRecord,
  given: {
    recovery?: string
    previousData?: boolean
    stuck?: Error
    /** Why the node cannot remove it. */
    refused?: Error
  } = {},
) {
  const { recovery = 'r1', previousData = true, stuck = null, refused = null } = given
  const copy = new FakeRecoveredCopy({ state: 'PAUSED' })
  copy.stuck = stuck
  const barman = new FakeBarman([])
  barman.runs.set('r1-restore', { state: 'RUNNING', exitCode: null, outputBytes: 0, backupId: null })
  const { runs } = barman.commands() as BarmanCommands
  const recoveries = new FakeRecoveries(record)
  const { done } = copy
  const node = Object.assign(new FakeNodeData(done), { stuck: refused })
  const context = fakeStepContext({
    input: { recovery, previousData },
    clients: {
      recoveredCopy: (service, directory) => copy.at(service, directory),
      barman: () =>
        ({
          runs: {
            ...runs,
            stop: async (id, graceSeconds) => {
              done.push(`stop ${id}`)
              return runs.stop(id, graceSeconds)
            },
          },
        }) as BarmanCommands,
      nodeData(service) {
        done.push(`on ${service}`)
        return node
      },
    },
    recoveries,
  })
  return {
    done,
    run: () => discardData.run(context),
    restoreRuns: barman.runs,
    recovery: () => recoveries.records.get('r1'),
  }
}

describe('discarding', () => {
  const removed = ['stop r1-restore', 'open /var/lib/barman/recoveries/r1 on barman', 'remove']

  test.each(['r1', 'Recovery:r1'])('%s removes the copy, nothing of which is written any more', async (id) => {
    const { done, run, restoreRuns, recovery } = discardOf(READY, { recovery: id })
    await run()
    expect(done).toEqual(removed)
    expect(restoreRuns.size).toBe(0)
    expect(recovery()).toMatchObject({ status: RecoveryStatus.DISCARDED, connection: null, expiresAt: null })
  })

  test('what is gone already is success', async () => {
    const { done, run, recovery } = discardOf(READY)
    await run()
    await run()
    expect(done).toEqual([...removed, ...removed])
    expect(recovery()?.status).toBe(RecoveryStatus.DISCARDED)
  })

  test('calls nothing DISCARDED whose data could not be removed', async () => {
    const { run, recovery } = discardOf(READY, { stuck: new Error('howdah-recovery: it does not stop') })
    await expect(run()).rejects.toThrow(/does not stop/)
    expect(recovery()).toMatchObject({ status: RecoveryStatus.READY, connection })
  })

  test.each([COMPLETED, UNDONE])('what $status keeps removes that alone, and it is what it was', async (record) => {
    const { done, run, recovery } = discardOf(record)
    await run()
    expect(done).toEqual(['on db2', 'remove /data/patroni2.previous-r1'])
    expect(recovery()).toEqual({ ...record, previous: null, operationId: recovery()?.operationId })
  })

  test.each(['RESTORING', 'REPLAYING', 'VERIFYING'] as const)('what was left %s goes', async (status) => {
    const { done, run, recovery } = discardOf(of(RecoveryStatus[status]))
    await run()
    expect(done).toEqual(removed)
    expect(recovery()?.status).toBe(RecoveryStatus.DISCARDED)
  })

  test('what has FAILED removes whatever is left, and it has failed all the same', async () => {
    const { done, run, recovery } = discardOf(of(RecoveryStatus.FAILED))
    await run()
    expect(done).toEqual(removed)
    expect(recovery()?.status).toBe(RecoveryStatus.FAILED)
  })

  test('touches nothing in the middle of a cut-over', async () => {
    const { done, run } = discardOf(of(RecoveryStatus.CUTTING_OVER))
    await expect(run()).rejects.toThrow(/in the middle of a cut-over/)
    expect(done).toEqual([])
  })

  test('leaves what a cut-over has kept that came in between', async () => {
    const { done, run, recovery } = discardOf(COMPLETED, { previousData: false })
    await run()
    expect(done).toEqual([])
    expect(recovery()?.previous).toEqual(previous)
  })

  test('names what a cut-over has kept until it is gone, so that the next removes it', async () => {
    const { run, recovery } = discardOf(COMPLETED, { refused: refusal('it is in use') })
    await expect(run()).rejects.toMatchObject({ code: 'NODE_COMMAND_FAILED' })
    expect(recovery()?.previous).toEqual(previous)
  })

  test('what a cut-over has kept and is gone already touches nothing', async () => {
    const { done, run, recovery } = discardOf({ ...COMPLETED, previous: null })
    await run()
    expect(done).toEqual([])
    expect(recovery()?.status).toBe(RecoveryStatus.COMPLETED)
  })
})

test.each([
  {},
  { recovery: '' },
  { recovery: 'r1; rm' },
  { recovery: 'Node:r1' },
  { recovery: 'r1', previousData: 'yes' },
])('the input of discardRecovery is refused: %j', (fields) => {
  expect(() => parseOperationInput(discardRecovery, fields)).toThrow(/not valid/)
})
