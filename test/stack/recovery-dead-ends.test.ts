import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { allUpAgain } from '../support/faults/all-up-again.ts'
import { editConfiguration, showConfiguration } from '../support/faults/interrupted-cut-over.ts'
import { tryRemedy } from '../support/faults/try-remedy.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName, replicaName } from '../support/stack/cluster-facts.ts'
import { NODES } from '../support/stack/every-node.ts'
import { issuesOf } from '../support/stack/health.ts'
import { performOperation, requestOperation, untilEnd } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const PATRONI = '/etc/service/patroni'

const facts = stack()
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
})
afterAll(() => api.close())
afterEach(() => allUpAgain({ facts, api }))

const issuesAbout = async (name: string) => (await issuesOf(api)).filter(({ message }) => message.includes(name))

async function keepDown(node: string, by: string): Promise<void> {
  await facts.exec(node, ['sh', '-c', `printf '%s' '${by}' > ${PATRONI}/down; sv -w 60 stop ${PATRONI}`])
}

const isUp = (node: string) =>
  facts.exec(node, ['sv', 'status', PATRONI]).then(
    (status) => status.startsWith('run:'),
    () => false,
  )

describe('a node whose Patroni is kept down inside its running container', () => {
  test('has an issue whose remedy brings it up again', async () => {
    const node = await replicaName(api)
    await keepDown(node, '')
    // Beside what else there is to say of a node that does not answer.
    const remedy = await waitFor('health to say so', async () =>
      (await issuesAbout(node)).map((issue) => issue.remedy).find((text) => text?.includes('startService(')),
    )
    expect(remedy).toContain(`startService(input: {service: "${node}"})`)
    await tryRemedy(api, remedy)
    expect(await isUp(node)).toBe(true)
  })

  test('comes back by restartService too', async () => {
    const node = await replicaName(api)
    await keepDown(node, '')
    const { operation } = await performOperation(api, 'restartService', { service: node })
    expect(operation.error).toBeNull()
    expect(await isUp(node)).toBe(true)
  })

  test('stays down while a person keeps it so, and is started by itself where an operation has ended', async () => {
    const leader = await leaderName(api)
    const [persons = '', left = ''] = NODES.filter((name) => name !== leader)
    await keepDown(persons, '')
    await keepDown(left, '20261101T000000000-ended1')
    await waitFor(`Howdah to start ${left}`, () => isUp(left), { timeoutMs: 60_000 })
    expect(await isUp(persons)).toBe(false)
    expect((await performOperation(api, 'startService', { service: persons })).operation.error).toBeNull()
  })

  test('is started beside another that is, and locks none out', async () => {
    const leader = await leaderName(api)
    const [one = '', other = ''] = NODES.filter((name) => name !== leader)
    for (const node of [one, other]) await keepDown(node, '')
    const asked = await Promise.all([one, other].map((service) => requestOperation(api, 'startService', { service })))
    expect(asked.flatMap(({ refusals }) => refusals)).toEqual([])
    for (const { operation } of asked) expect((await untilEnd(api, operation?.id ?? '')).operation.error).toBeNull()
  })
})

describe("Patroni's check_timeline", () => {
  test('that an operation has left on goes by itself', async () => {
    await editConfiguration(facts, { check_timeline: true, howdah_check_timeline: '20261101T000000000-ended2' })
    await waitFor('it to be off', async () => !(await showConfiguration(facts)).includes('check_timeline'), {
      timeoutMs: 60_000,
    })
  })

  test("that is a user's own stays", async () => {
    await editConfiguration(facts, { check_timeline: true })
    // What puts such things back has looked once it has started this node.
    const node = await replicaName(api)
    await keepDown(node, '20261101T000000000-ended3')
    await waitFor(`${node} to be started`, () => isUp(node), { timeoutMs: 60_000 })
    expect(await showConfiguration(facts)).toContain('check_timeline: true')
    await editConfiguration(facts, { check_timeline: null })
  })
})
