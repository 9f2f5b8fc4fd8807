import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName } from '../support/stack/cluster-facts.ts'
import { issuesOf } from '../support/stack/health.ts'
import { performOperation, requestOperation } from '../support/stack/operation-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
})
afterEach(async () => {
  await facts.exec('etcd1', ['etcdctl', 'alarm', 'disarm'])
  await waitForHealthyCluster(api)
})
afterAll(() => api.close())

const alarmIssue = async () =>
  (await issuesOf(api)).find(({ code }) => code === 'ETCD_NO_SPACE' || code === 'ETCD_CORRUPT')

async function raise(alarm: string): Promise<void> {
  const url = `http://127.0.0.1:${facts.ports['ETCD1_CLIENT_PORT']}/v3/maintenance/alarm`
  const { status } = await fetch(url, { method: 'POST', body: JSON.stringify({ action: 'ACTIVATE', alarm }) })
  expect(status).toBe(200)
}

/** What a remedy would have pasted, in the container that it names. */
function commandOf(remedy: string | null): [service: string, script: string] {
  const within = /docker compose exec -T (\S+) sh -c '(.*)'$/.exec(remedy ?? '')
  if (within !== null) return [within[1] ?? '', within[2] ?? '']
  return ['etcd1', /then (etcdctl .*)\.$/.exec(remedy ?? '')?.[1] ?? '']
}

test.each([
  ['NOSPACE', 'ETCD_NO_SPACE'],
  ['CORRUPT', 'ETCD_CORRUPT'],
])(
  '%s is CRITICAL, what writes to etcd is refused, applications go on, and the remedy ends it',
  async (alarm, code) => {
    await waitForNothingRunning(api)
    const leader = await leaderName(api)
    await leaderSql(facts, 'CREATE TABLE alarmed (n int)')
    await raise(alarm)
    const issue = await waitFor('health to say so', alarmIssue)
    expect(issue).toMatchObject({ code, severity: 'CRITICAL' })
    const { operation, refusals } = await requestOperation(api, 'switchover', {})
    expect({ operation, codes: refusals.map((refusal) => refusal.code) }).toEqual({
      operation: null,
      codes: expect.arrayContaining(['ETCD_ALARM']),
    })
    await leaderSql(facts, 'DROP TABLE alarmed')

    const [service, script] = commandOf(issue.remedy)
    await facts.exec(service, ['sh', '-c', script])
    await waitFor('health to be rid of it', async () => (await alarmIssue()) === undefined)
    await waitForHealthyCluster(api)
    expect(await leaderName(api)).toBe(leader)
    const { operation: done } = await performOperation(api, 'switchover', {})
    expect(done.error).toBeNull()
    expect(await leaderName(api)).not.toBe(leader)
  },
)
