import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { WriteProbe } from '../../../src/clients/postgres/write-probe.ts'
import { ClaimMode } from '../../../src/domain/operation/claim.ts'
import { type Actor, OperationStatus, Role, Surface } from '../../../src/domain/operation/operation.ts'
import { planScope } from '../../../src/domain/operation/plan-scope.ts'
import { defineOperation } from '../../../src/operations/define-operation.ts'
import { OperationInput } from '../../../src/operations/operation-input.ts'
import type { WorkedCluster } from '../../../src/worker/managed-cluster.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startWorkerRig, type WorkerRig } from './worker-rig.ts'

class TestInput extends OperationInput {}

/** What the plan says that it touches, as the cluster is at the moment. */
let touched: string[] = []
/** How often the step has run. */
let runs = 0

const testKind = defineOperation({
  name: 'testKind',
  title: 'Test',
  description: 'A kind that claims its cluster.',
  input: TestInput,
  fenced: false,
  destructive: true,
  claims: () => [{ resource: 'topology', mode: ClaimMode.EXCLUSIVE }],
  check: () => [],
  plan: () => ({
    summary: `Touches ${touched.join()}`,
    checks: [],
    estimatedSeconds: null,
    downtimeSeconds: null,
    dataLoss: null,
    scope: planScope({ nodes: touched }),
  }),
  planRestsOn: [],
  steps: [
    {
      name: 'only',
      title: 'Only',
      async run() {
        runs++
        return {}
      },
    },
  ],
})

const writeProbe = {
  start: () => ({ ready: Promise.resolve(), untilWritable: async () => {}, stop: async () => null }),
}
const cluster = {
  layout: { name: 'patroni' },
  clients: { writeProbe: writeProbe as unknown as WriteProbe },
  current: () => ({ name: 'patroni' }),
  refresh: async () => {},
} as unknown as WorkedCluster

const actor = (name: string, role = Role.ADMIN): Actor => ({ name, role, surface: Surface.API, onBehalfOf: null })
const [ada, ben] = [actor('ada'), actor('ben')]
const operator = actor('operator', Role.OPERATOR)
const rules = { required: new Set(['testKind']), distinct: true, expireSeconds: 3600 }

let rig: WorkerRig
beforeAll(async () => {
  rig = await startWorkerRig({
    registry: new Map([['testKind', testKind]]),
    clusters: new Map([['patroni', cluster]]),
    approvals: rules,
  })
})
afterAll(() => rig.remove())
beforeEach(() => {
  touched = ['db1']
  runs = 0
})
afterEach(async () => {
  await rig.stopWorkers()
  for (const id of [...(await rig.log.active()), ...(await rig.log.proposed())]) await rig.service.cancel(id, null, ada)
})

const ask = (fields: Partial<TestInput>, by = ada) =>
  rig.service.submit('testKind', Object.assign(new TestInput(), fields), by)

async function propose(fields: Partial<TestInput> = {}, by = ada) {
  const { operation, refusals } = await ask({ propose: true, ...fields }, by)
  expect(refusals).toEqual([])
  if (operation === null) throw new Error('nothing was proposed')
  return operation
}

const approve = (id: string, ifPlan: string, by = ben) => rig.service.approve(id, { ifPlan, reason: 'read it' }, by)
const codesOf = ({ refusals }: { refusals: readonly { code: string }[] }) => refusals.map(({ code }) => code)

test('what is proposed waits, stands in no way, and runs once it is approved', async () => {
  const proposed = await propose()
  expect(proposed).toMatchObject({ status: OperationStatus.PROPOSED, proposal: { decision: null }, sequence: 1 })
  expect(await rig.log.active()).not.toContain(proposed.id)
  expect(await rig.log.holders('patroni', proposed.claims)).toEqual([])
  await rig.startWorker()
  // A sweep of the worker has passed over it.
  await sleep(2_500)
  expect(runs).toBe(0)
  const { operation } = await approve(proposed.id, proposed.plan.fingerprint)
  expect(operation).toMatchObject({
    status: OperationStatus.QUEUED,
    proposal: { decision: { approved: true, by: { name: 'ben' }, reason: 'read it' } },
  })
  expect(await rig.ended(proposed.id)).toMatchObject({
    status: OperationStatus.SUCCEEDED,
    requestedBy: { name: 'ada' },
  })
  expect(runs).toBe(1)
  const { events } = await rig.log.events(proposed.id, { limit: 10, from: null, backward: false })
  expect(events.map(({ body, sequence }) => [body.type, sequence]).slice(0, 3)).toEqual([
    ['OperationProposed', 1],
    ['OperationQueued', 2],
    ['OperationStarted', 3],
  ])
})

test('approved twice, and by two at once, it runs once', async () => {
  const { id, plan } = await propose()
  const answers = await Promise.all([1, 2, 3].map(() => approve(id, plan.fingerprint)))
  expect(answers.map(({ operation, refusals }) => [operation?.id, refusals])).toEqual(answers.map(() => [id, []]))
  await rig.startWorker()
  expect((await rig.ended(id)).status).toBe(OperationStatus.SUCCEEDED)
  expect(codesOf(await approve(id, plan.fingerprint))).toEqual([])
  expect(runs).toBe(1)
})

test('where another plan would run by now, it is shown, and nothing is decided', async () => {
  const { id, plan } = await propose()
  touched = ['db1', 'db2']
  const answer = await approve(id, plan.fingerprint)
  expect(answer).toMatchObject({
    operation: null,
    refusals: [{ code: 'PLAN_CHANGED' }],
    plan: { summary: 'Touches db1,db2' },
  })
  expect((await rig.log.get(id))?.status).toBe(OperationStatus.PROPOSED)
  const approved = await approve(id, answer.plan?.fingerprint ?? '')
  expect(approved.operation).toMatchObject({ status: OperationStatus.QUEUED, plan: { summary: 'Touches db1,db2' } })
})

test('what stands in its way at its approval refuses that, and leaves it to be decided', async () => {
  const [first, second] = [await propose(), await propose()]
  expect((await approve(first.id, first.plan.fingerprint)).operation?.status).toBe(OperationStatus.QUEUED)
  const refused = await approve(second.id, second.plan.fingerprint)
  expect(refused).toMatchObject({ operation: null, refusals: [{ code: 'CONFLICT', operation: first.id }] })
  await rig.service.cancel(first.id, null, ada)
  expect((await approve(second.id, second.plan.fingerprint)).operation?.status).toBe(OperationStatus.QUEUED)
})

test('who proposed it does not approve it, nor does a role that may not run it', async () => {
  const { id, plan } = await propose({}, operator)
  await expect(approve(id, plan.fingerprint, operator)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const own = await propose()
  expect(codesOf(await approve(own.id, own.plan.fingerprint, ada))).toEqual(['APPROVER_NOT_DISTINCT'])
  await expect(ask({ propose: true }, actor('v', Role.VIEWER))).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('a kind that has to be approved runs in no other way', async () => {
  expect(codesOf(await ask({ confirm: 'patroni' }))).toEqual(['APPROVAL_REQUIRED'])
  const [rejected, withdrawn] = [await propose(), await propose()]
  await rig.service.reject(rejected.id, 'not today', ben)
  await rig.service.cancel(withdrawn.id, 'a mistake', ada)
  for (const { id } of [rejected, withdrawn]) {
    expect(codesOf(await rig.service.retry(id, null, ada))).toEqual(['NOT_RETRYABLE'])
  }
})

test('what is approved late is among the newest, with the steps that its kind has by now', async () => {
  const proposed = await propose()
  for (let others = 0; others < 3; others++) await rig.service.cancel((await propose()).id, null, ada)
  const { operation } = await approve(proposed.id, proposed.plan.fingerprint)
  const { operations } = await rig.log.list({ limit: 1, from: null, backward: false, filter: {} })
  expect(operations.map(({ id }) => id)).toEqual([proposed.id])
  expect(operation?.steps.map(({ name, status }) => [name, status])).toEqual([['only', 'PENDING']])
})

test('what is rejected ends, and is not approved any more', async () => {
  const { id, plan } = await propose()
  const { operation } = await rig.service.reject(id, 'not today', ben)
  expect(operation).toMatchObject({
    status: OperationStatus.REJECTED,
    finishedAt: expect.any(String),
    proposal: { decision: { approved: false, by: { name: 'ben' }, reason: 'not today' } },
  })
  expect(codesOf(await rig.service.reject(id, null, ada))).toEqual([])
  expect(codesOf(await approve(id, plan.fingerprint))).toEqual(['ALREADY_ENDED'])
  expect(await rig.log.proposed()).toEqual([])
  const running = await propose()
  await approve(running.id, running.plan.fingerprint)
  expect(codesOf(await rig.service.reject(running.id, null, ada))).toEqual(['ALREADY_ENDED'])
})

test('what is not decided in time is rejected by itself', async () => {
  const { id } = await propose()
  const record = await rig.log.get(id)
  if (record === null) throw new Error('it is gone')
  const expired = {
    ...record,
    id: `${id}x`,
    proposal: { expiresAt: '2026-01-01T00:00:00.000Z', decision: null },
    sequence: 0,
  }
  await rig.log.create({ record: expired, fingerprint: '', message: 'Proposed long ago' })
  expect(codesOf(await approve(expired.id, expired.plan.fingerprint))).toEqual(['PROPOSAL_EXPIRED'])
  await rig.startWorker()
  await waitFor('it to be rejected', async () => (await rig.log.get(expired.id))?.status === OperationStatus.REJECTED)
  expect((await rig.log.get(expired.id))?.proposal?.decision).toMatchObject({
    by: { name: 'howdah' },
    reason: 'expired',
  })
  expect((await rig.log.get(id))?.status).toBe(OperationStatus.PROPOSED)
})

test('the same key stands for the same proposal', async () => {
  const proposed = await propose({ idempotencyKey: 'nightly' })
  expect((await propose({ idempotencyKey: 'nightly' })).id).toBe(proposed.id)
  // It does not stand for the operation itself.
  expect(codesOf(await ask({ idempotencyKey: 'nightly', confirm: 'patroni' }))).toEqual(['CONFLICT'])
})

test('a proposal survives a Redis that is killed, and is approved once', async () => {
  const { id, plan } = await propose()
  await rig.container.kill()
  await rig.container.start()
  await waitFor('Redis to answer', async () => (await rig.log.get(id))?.status === OperationStatus.PROPOSED)
  await rig.startWorker()
  await approve(id, plan.fingerprint)
  expect((await rig.ended(id)).status).toBe(OperationStatus.SUCCEEDED)
  expect(runs).toBe(1)
})
