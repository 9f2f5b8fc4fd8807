import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { issuesOf } from '../support/stack/health.ts'
import { requestOperation, untilEnd } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
let api: ApiClient

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.operator })
  await waitForHealthyCluster(api)
})
afterAll(async () => {
  await facts.start('worker')
  api.close()
})

const noWorker = async () => (await issuesOf(api)).find(({ code }) => code === 'NO_WORKER')

test('without a worker health says so, what waits says so, and it is done when there is one again', async () => {
  // Docker takes that for a person's wish, and starts it no more.
  await facts.kill('worker')
  const issue = await waitFor('health to miss the worker', noWorker, { timeoutMs: 60_000 })
  expect(issue.severity).toBe('DEGRADED')
  const { operation, refusals, plan } = await requestOperation(api, 'reloadNode', { node: 'db1' })
  expect(refusals).toEqual([])
  expect(plan?.checks.map(({ message }) => message).join(' ')).toMatch(/worker/)
  const waiting = await waitFor('it to be CRITICAL', async () => {
    const now = await noWorker()
    return now?.severity === 'CRITICAL' ? now : null
  })
  // The same issue, which has grown worse.
  expect(waiting.since).toBe(issue.since)
  await facts.start('worker')
  expect((await untilEnd(api, operation?.id ?? '')).operation).toMatchObject({ status: 'SUCCEEDED', error: null })
  await waitFor('health to be rid of it', async () => (await noWorker()) === undefined)
})
