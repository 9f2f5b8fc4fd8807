import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reportFault } from '../support/faults/fault-report.ts'
import { expectTruth } from '../support/faults/truth.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { approveOperation, requestOperation, untilEnd } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'

const facts = stack()
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
})
afterAll(() => api.close())

describe('requests at once', () => {
  test('fifty that are identical, with one idempotency key, are one operation', async () => {
    const idempotencyKey = `fifty-${Date.now()}`
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => requestOperation(api, 'checkBackupServer', { idempotencyKey })),
    )
    const ids = new Set(answers.map(({ operation }) => operation?.id))
    expect(ids.size).toBe(1)
    expect((await untilEnd(api, [...ids][0] ?? '')).operation.status).toBe('SUCCEEDED')
    await expectTruth(facts, api)
    await reportFault({ fault: '50 identical mutations at once', done: 'checkBackupServer', seen: 'one operation' })
  })

  test('two that conflict: one runs, the other is refused and names it', async () => {
    const answers = await Promise.all([
      requestOperation(api, 'restartCluster', {}),
      requestOperation(api, 'switchover', {}),
    ])
    const accepted = answers.flatMap(({ operation }) => operation?.id ?? [])
    const refusals = answers.flatMap((answer) => answer.refusals)
    expect(accepted).toHaveLength(1)
    expect(refusals).toMatchObject([{ code: 'CONFLICT' }])
    // A person is shown the global id's last part.
    expect(refusals[0]?.message).toContain((accepted[0] ?? '').split(':').at(-1))
    expect((await untilEnd(api, accepted[0] ?? '')).operation.status).toBe('SUCCEEDED')
    await expectTruth(facts, api)
    await reportFault({
      fault: 'two conflicting mutations at once',
      done: 'restartCluster and switchover',
      seen: 'one ran, the other was refused with CONFLICT, which named it',
    })
  })
})

describe('a proposal that is approved while the API is killed', () => {
  test.each([0, 5, 20, 80])('%i ms after it was pressed twice, runs once', async (afterMs) => {
    const { operation, plan, refusals } = await requestOperation(api, 'checkBackupServer', { propose: true })
    expect(refusals).toEqual([])
    const id = operation?.id ?? ''
    const press = () => approveOperation(api, id, plan?.fingerprint ?? '')
    const pressed = [press(), press()].map((answer) => answer.catch(() => null))
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    await facts.kill('api')
    await Promise.all(pressed)
    await facts.start('api')
    await waitForHealthyCluster(api)
    // A person who got no answer presses again.
    expect((await press()).refusals).toEqual([])
    const { operation: ended, events } = await untilEnd(api, id)
    expect(ended).toMatchObject({ status: 'SUCCEEDED', attempt: 1 })
    const begun = events.filter(({ __typename }) => ['OperationQueued', 'OperationStarted'].includes(__typename))
    expect(begun).toHaveLength(2)
    await expectTruth(facts, api)
    await reportFault({
      fault: `SIGKILL of the API ${afterMs} ms after an approval was pressed twice`,
      done: 'checkBackupServer, proposed',
      seen: 'approved once, ran once',
    })
  })
})
