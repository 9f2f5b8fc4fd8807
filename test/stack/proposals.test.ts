import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { readLeadership } from '../support/stack/leadership.ts'
import { approveOperation, readOperation, requestOperation, untilEnd } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'

const facts = stack()
let admin: ApiClient
let operator: ApiClient
beforeAll(async () => {
  admin = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  operator = createApiClient({ url: facts.apiUrl, token: facts.tokens.operator })
  await waitForHealthyCluster(admin)
  await waitForNothingRunning(admin)
})
afterAll(async () => {
  await waitForHealthyCluster(admin)
  await Promise.all([admin.close(), operator.close()])
})

test('an operator proposes what only an admin may run; it outlives API and worker, and runs once approved', async () => {
  const { replicas } = await readLeadership(admin)
  const node = replicas[0] ?? ''
  const { operation, plan, refusals } = await requestOperation(operator, 'reinitializeNode', { node, propose: true })
  expect({ status: operation?.status, refusals }).toEqual({ status: 'PROPOSED', refusals: [] })
  const id = operation?.id ?? ''
  await Promise.all(['api', 'worker'].map((service) => facts.kill(service)))
  await Promise.all(['api', 'worker'].map((service) => facts.start(service)))
  await waitForHealthyCluster(admin)
  expect(await readOperation(admin, id)).toMatchObject({ status: 'PROPOSED' })

  const ifPlan = plan?.fingerprint ?? ''
  await expect(approveOperation(operator, id, ifPlan)).rejects.toThrow(/FORBIDDEN|may not call/)
  const approved = await approveOperation(admin, id, ifPlan)
  expect(approved.refusals).toEqual([])
  expect((await untilEnd(admin, id)).operation).toMatchObject({ status: 'SUCCEEDED', attempt: 1 })
})

test('a proposal whose plan has changed is shown again before anything of it runs', async () => {
  const { replicas } = await readLeadership(admin)
  const candidate = replicas[0] ?? ''
  const { operation, plan } = await requestOperation(operator, 'restartNode', { node: candidate, propose: true })
  const switched = await requestOperation(admin, 'switchover', { candidate })
  expect((await untilEnd(admin, switched.operation?.id ?? '')).operation.status).toBe('SUCCEEDED')
  await waitForHealthyCluster(admin)
  const id = operation?.id ?? ''
  const refused = await approveOperation(admin, id, plan?.fingerprint ?? '')
  expect(refused.refusals.map(({ code }) => code)).toContain('PLAN_CHANGED')
  expect((await readOperation(admin, id))?.status).toBe('PROPOSED')
})
