import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { allUpAgain } from '../support/faults/all-up-again.ts'
import { interruptCutOver, showConfiguration } from '../support/faults/interrupted-cut-over.ts'
import { tryRemedy } from '../support/faults/try-remedy.ts'
import { callsIn, committedSchema, faultsOf } from '../support/remedy-calls.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { replicaName } from '../support/stack/cluster-facts.ts'
import { keptDown, NODES, onEveryNode } from '../support/stack/every-node.ts'
import { targetMarker } from '../support/stack/marked-target.ts'
import {
  newestOperation,
  performOperation,
  readOperation,
  requestOperation,
} from '../support/stack/operation-client.ts'
import { recover, recoveryOf, untilBackedUp } from '../support/stack/recovery-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const confirm = 'patroni'
/** A recovery, an outage, and what settles it. */
const LONG_MS = 900_000

const facts = stack()
const schema = committedSchema()
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
  await leaderSql(facts, 'CREATE TABLE dead_ends (n int PRIMARY KEY)')
})
afterAll(async () => {
  await leaderSql(facts, 'DROP TABLE IF EXISTS dead_ends')
  api.close()
})
afterEach(() => allUpAgain({ facts, api }))

const markTarget = targetMarker(facts, 'dead_ends')

const rowsFrom = (from: number) =>
  onEveryNode(facts, (name) =>
    facts.sql(name, `SELECT string_agg(n::text, ',' ORDER BY n) FROM dead_ends WHERE n >= ${from}`),
  )

async function expectNothingLeft(): Promise<void> {
  expect(await showConfiguration(facts)).not.toContain('check_timeline')
  expect(await keptDown(facts)).toEqual(NODES.map(() => null))
}

/** Each refusal about the recovery, as it stands now, names a call that the schema takes. */
async function expectWaysOut(recovery: string): Promise<void> {
  const requests: [string, Record<string, unknown>][] = [
    ['cutOverRecovery', { recovery, confirm }],
    ['undoRecovery', { recovery, confirm }],
    ['discardRecovery', { recovery }],
  ]
  for (const [kind, input] of requests) {
    const { refusals } = await requestOperation(api, kind, { ...input, dryRun: true })
    expect(refusals.length, kind).toBeGreaterThan(0)
    for (const { remedy } of refusals) {
      for (const call of callsIn(remedy)) expect(faultsOf(call, schema)).toEqual([])
    }
    expect(refusals.flatMap(({ remedy }) => callsIn(remedy)).length, kind).toBeGreaterThan(0)
  }
}

describe('a cut-over whose worker was killed while etcd lost its quorum', { timeout: LONG_MS }, () => {
  test.each([
    ['stop-cluster', 'FAILED'],
    ['swap-data', 'FAILED'],
    ['rejoin-replicas', 'COMPLETED'],
  ])('in %s is settled as %s, by itself, once etcd is back', async (step, expected) => {
    const { target, before, behind } = await markTarget(api)
    const input = { target, node: await replicaName(api), cutOver: 'AUTOMATIC' }
    const id = await interruptCutOver({ facts, api }, step, 'recoverCluster', input)
    const recovery = id.replace('Operation:', 'Recovery:')
    expect((await recoveryOf(api, recovery)).status).toBe('CUTTING_OVER')
    await expectWaysOut(recovery)
    // The remedy of a lock that cannot be taken; the rest follows by itself.
    const { refusals } = await requestOperation(api, 'settleRecovery', { recovery })
    expect(refusals.map(({ code }) => code)).toContain('ETCD_NO_QUORUM')
    const { operation } = await performOperation(api, 'startService', { service: 'etcd2' })
    expect(operation.error).toBeNull()
    await waitFor(`the recovery to be ${expected}`, async () => (await recoveryOf(api, recovery)).status === expected, {
      timeoutMs: 300_000,
      intervalMs: 500,
    })
    await waitForNothingRunning(api)
    await waitForHealthyCluster(api)
    const rows = expected === 'COMPLETED' ? `${before}` : `${before},${behind}`
    expect(await rowsFrom(before)).toEqual(NODES.map(() => rows))
    await expectNothingLeft()
    if (expected !== 'COMPLETED') return
    // An undo beside the backup that follows is a conflict.
    await untilBackedUp(api, (await newestOperation(api, ['SETTLE_RECOVERY'])) ?? '')
    const settled = await requestOperation(api, 'cutOverRecovery', { recovery, confirm })
    // What it names: the undo, which brings back the state at the cut-over.
    await tryRemedy(api, settled.refusals[0]?.remedy ?? null)
    expect((await recoveryOf(api, recovery)).status).toBe('UNDONE')
    expect(await rowsFrom(before)).toEqual(NODES.map(() => `${before},${behind}`))
  })

  test('is settled by hand as well, in the very state', async () => {
    const { target, before, behind } = await markTarget(api)
    const made = await recover(api, 'recoverCluster', {
      target,
      node: await replicaName(api),
      cutOver: 'MANUAL',
      confirm,
    })
    await interruptCutOver({ facts, api }, 'swap-data', 'cutOverRecovery', { recovery: made.id })
    await facts.start('etcd2')
    const discard = await waitFor('etcd to be back', async () => {
      const { refusals } = await requestOperation(api, 'settleRecovery', { recovery: made.id, dryRun: true })
      // By then Howdah may have asked for it by itself.
      if (refusals.some(({ code }) => code === 'ETCD_NO_QUORUM')) return null
      return (await requestOperation(api, 'discardRecovery', { recovery: made.id, dryRun: true })).refusals
    })
    if (discard[0]?.code === 'RECOVERY_NOT_READY') await tryRemedy(api, discard[0].remedy).catch(ifHowdahWasFirst)
    await waitFor('it to be settled', async () => (await recoveryOf(api, made.id)).status === 'FAILED', {
      timeoutMs: 300_000,
    })
    await waitForHealthyCluster(api)
    expect(await rowsFrom(before)).toEqual(NODES.map(() => `${before},${behind}`))
    await expectNothingLeft()
  })

  test('and was an undo, is the completed recovery again, and what it gave up is recovered from the archive', async () => {
    const { target, before, behind } = await markTarget(api)
    const input = { target, node: await replicaName(api), cutOver: 'AUTOMATIC', confirm }
    const { operation } = await performOperation(api, 'recoverCluster', input)
    expect(operation.error).toBeNull()
    await untilBackedUp(api, operation.id)
    await waitForHealthyCluster(api)
    const recovery = operation.id.replace('Operation:', 'Recovery:')
    await interruptCutOver({ facts, api }, 'swap-data', 'undoRecovery', { recovery })
    await facts.start('etcd2')
    await waitFor('it to be COMPLETED again', async () => (await recoveryOf(api, recovery)).status === 'COMPLETED', {
      timeoutMs: 300_000,
    })
    await waitForNothingRunning(api)
    await waitForHealthyCluster(api)
    expect(await rowsFrom(before)).toEqual(NODES.map(() => `${before}`))
    // The old leader was started again, on the very timeline that the data had taken.
    const { error } = (await performOperation(api, 'undoRecovery', { recovery, confirm })).operation
    expect(error?.code).toBe('TIMELINE_TAKEN')
    await tryRemedy(api, error?.remedy ?? null)
    const made = (await newestOperation(api, ['RECOVER_CLUSTER']))?.replace('Operation:', 'Recovery:')
    const cutOver = await performOperation(api, 'cutOverRecovery', { recovery: made, confirm })
    expect(cutOver.operation.error).toBeNull()
    expect(await rowsFrom(before)).toEqual(NODES.map(() => `${before},${behind}`))
  })
})

/** A request that came second is a CONFLICT, or finds nothing left to settle. */
function ifHowdahWasFirst(error: unknown): void {
  if (!String(error).includes('CONFLICT')) throw error
}

describe('a rehearsal that was left in its restore', { timeout: LONG_MS }, () => {
  test('gives its place back: by discardRecovery, or by itself', async () => {
    const { target } = await markTarget(api)
    const { operation } = await requestOperation(api, 'rehearseRecovery', { target })
    const id = operation?.id ?? ''
    await waitFor('it to restore', async () => {
      const now = await readOperation(api, id)
      return now?.steps.some(({ name, status }) => name === 'restore-backup' && status === 'RUNNING') ?? false
    })
    // Nothing of it can be removed while Barman is away.
    await facts.stop('barman')
    const ended = await waitFor(
      `${id} to end`,
      async () => {
        const now = await readOperation(api, id)
        return now !== null && ['FAILED', 'INTERRUPTED', 'SUCCEEDED'].includes(now.status) ? now : null
      },
      { timeoutMs: 420_000, intervalMs: 1_000 },
    )
    expect(['FAILED', 'INTERRUPTED']).toContain(ended.status)
    await facts.start('barman')
    await waitForBackups(api)
    await waitFor(
      'another rehearsal to be accepted',
      async () => {
        const { refusals } = await requestOperation(api, 'rehearseRecovery', { target, dryRun: true })
        const exists = refusals.find(({ code }) => code === 'RECOVERY_EXISTS')
        if (exists !== undefined) await tryRemedy(api, exists.remedy)
        return refusals.length === 0
      },
      { timeoutMs: 120_000, intervalMs: 2_000 },
    )
  })
})
