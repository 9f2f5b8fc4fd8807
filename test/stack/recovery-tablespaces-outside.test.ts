import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { discardRecoveries } from '../support/stack/discard-recoveries.ts'
import { NODES, onEveryNode } from '../support/stack/every-node.ts'
import { requestOperation } from '../support/stack/operation-client.ts'
import { recover, rows } from '../support/stack/recovery-client.ts'
import { archive, fullBackup, type Moment, momentOf } from '../support/stack/recovery-moments.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { createTablespace, dropTablespace, removeLocations } from '../support/stack/tablespaces.ts'

/** On no volume of the nodes: what is there cannot change places by rename. */
const AT = '/srv/elsewhere'
const confirm = 'patroni'

const facts = stack()
let api: ApiClient
let younger = ''
let older = ''
let target: Moment

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await discardRecoveries({ api })
  older = await fullBackup(api)
  await createTablespace(facts, { name: 'elsewhere', location: AT, rows: 70 })
  younger = await fullBackup(api)
  target = await momentOf(facts)
  await archive({ facts, api }, { time: target.time })
}, 600_000)
afterEach(() => discardRecoveries({ api }))
afterAll(async () => {
  await dropTablespace(facts, 'elsewhere')
  await onEveryNode(facts, async () => {})
  await removeLocations(facts, [AT])
  await api.close()
})

describe("a tablespace outside of the nodes' volume", () => {
  test.each([
    ['in the base backup', () => younger],
    ['in the WAL after it', () => older],
  ])('%s is rehearsed', async (_, backup) => {
    const { recovery } = await recover(api, 'rehearseRecovery', { target: { time: target.time }, backup: backup() })
    expect(recovery).toMatchObject({ status: 'READY', verification: { passed: true } })
    expect(await rows(recovery, 'SELECT count(*) AS n FROM in_elsewhere')).toEqual(['70'])
  })

  test.each([
    ['in the base backup', () => younger],
    ['in the WAL after it', () => older],
  ])('%s is refused in place, by its name, before a byte is restored', async (_, backup) => {
    const input = { target: { time: target.time }, backup: backup(), node: NODES[1], cutOver: 'AUTOMATIC', confirm }
    const { operation, refusals } = await requestOperation(api, 'recoverCluster', input)
    expect(operation).toBeNull()
    expect(refusals).toMatchObject([{ code: 'TABLESPACE_MISPLACED' }])
    expect(refusals[0]?.message).toContain(`"elsewhere"`)
    expect(refusals[0]?.message).toContain(AT)
    expect(refusals[0]?.remedy).toMatch(/rehearseRecovery/)
  })
})
