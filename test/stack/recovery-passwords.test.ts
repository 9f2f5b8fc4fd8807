import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { docker } from '../support/docker.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName } from '../support/stack/cluster-facts.ts'
import { discardRecoveries } from '../support/stack/discard-recoveries.ts'
import { keptDown, NODES, onEveryNode } from '../support/stack/every-node.ts'
import { waitForHealth } from '../support/stack/health.ts'
import { performOperation } from '../support/stack/operation-client.ts'
import { recoveryOf, untilBackedUp } from '../support/stack/recovery-client.ts'
import { archive, insert, momentOf, perform } from '../support/stack/recovery-moments.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'

const confirm = 'patroni'

const facts = stack()
const secret = join(facts.secretsDir, 'howdah_password')
let api: ApiClient
let original = ''
let counter = 0

beforeAll(async () => {
  original = (await readFile(secret, 'utf8')).trim()
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
  await discardRecoveries({ api })
  await leaderSql(facts, 'CREATE TABLE keyed (n int)')
})
afterEach(async () => {
  // By itself it is right again: this is for a test that has failed.
  await leaderSql(facts, "ALTER ROLE howdah VALID UNTIL 'infinity'")
  await leaderSql(facts, 'GRANT CONNECT ON DATABASE postgres TO PUBLIC, howdah')
  if ((await readFile(secret, 'utf8')).trim() !== original) await setPassword(original)
  await discardRecoveries({ api })
}, 300_000)
afterAll(async () => {
  await leaderSql(facts, 'DROP TABLE IF EXISTS keyed')
  await api.close()
})

/** As a user does it: the role, then the secret's file, then the services that have read it. */
async function setPassword(password: string): Promise<void> {
  await leaderSql(facts, `ALTER ROLE howdah PASSWORD '${password}'`)
  // In its place: a container has the very file that was there when it was made.
  await writeFile(secret, `${password}\n`)
  await api.close()
  await docker('restart', facts.container('api'), facts.container('worker'))
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForHealth(api, 90_000)
}

const expectNoNodeKeptDown = async () => expect(await keptDown(facts)).toEqual(NODES.map(() => null))

const rowsFrom = (first: number) =>
  onEveryNode(facts, (name) =>
    facts.sql(name, `SELECT string_agg(n::text, ',' ORDER BY n) FROM keyed WHERE n >= ${first}`),
  )

/** A recovery to when Howdah's role was otherwise, cut over: who had been let in since is let in again. */
async function recoverTo(before: readonly string[], since: () => Promise<unknown>) {
  const [kept, lost] = [++counter, ++counter]
  for (const statement of before) await leaderSql(facts, statement)
  await insert(facts, `keyed VALUES (${kept})`)
  const { time } = await momentOf(facts)
  await since()
  await insert(facts, `keyed VALUES (${lost})`)
  await waitForBackups(api)
  await archive({ facts, api }, { time })
  const leader = await leaderName(api)
  const node = NODES.find((name) => name !== leader)
  const { id } = await perform(api, 'recoverCluster', { target: { time }, node, cutOver: 'AUTOMATIC', confirm })
  const recovery = id.replace('Operation:', 'Recovery:')
  const { status, downtimeSeconds } = await recoveryOf(api, recovery)
  expect(status).toBe('COMPLETED')
  expect(downtimeSeconds).toBeGreaterThan(0)
  await waitForHealthyCluster(api)
  expect(await leaderName(api)).toBe(node)
  expect(await rowsFrom(kept)).toEqual(NODES.map(() => `${kept}`))
  await expectNoNodeKeptDown()
  await untilBackedUp(api, id)
  await waitForHealth(api, 90_000)
  return { recovery, kept, lost }
}

describe("a recovery to when Howdah's role had", { timeout: 600_000 }, () => {
  test('another password is completed, and undone', async () => {
    const { recovery, kept, lost } = await recoverTo([], () => setPassword(randomBytes(18).toString('base64url')))
    const undo = await perform(api, 'undoRecovery', { recovery, confirm })
    await waitForHealthyCluster(api)
    expect((await recoveryOf(api, recovery)).status).toBe('UNDONE')
    expect(await rowsFrom(kept)).toEqual(NODES.map(() => `${kept},${lost}`))
    await expectNoNodeKeptDown()
    await untilBackedUp(api, undo.id)
    await waitForHealth(api, 90_000)
  })

  test('a date that has passed, and no right to connect, as no role had, is completed', async () => {
    await recoverTo(
      ["ALTER ROLE howdah VALID UNTIL '2020-01-01'", 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC, howdah'],
      async () => {
        await leaderSql(facts, "ALTER ROLE howdah VALID UNTIL 'infinity'")
        await leaderSql(facts, 'GRANT CONNECT ON DATABASE postgres TO PUBLIC, howdah')
      },
    )
  })
})

describe("a switchover while Howdah's role", () => {
  test.each([
    [
      'has no right to connect',
      'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC, howdah',
      'GRANT CONNECT ON DATABASE postgres TO PUBLIC, howdah',
      /role howdah.*permission denied.*GRANT CONNECT ON DATABASE/s,
    ],
    [
      'has a date that has passed',
      "ALTER ROLE howdah VALID UNTIL '2020-01-01'",
      "ALTER ROLE howdah VALID UNTIL 'infinity'",
      /role howdah.*howdah-settle-roles/s,
    ],
  ])('%s is done, and says what was not measured and why', async (_, refuse, allow, said) => {
    await waitForNothingRunning(api)
    await waitForHealthyCluster(api)
    const before = await leaderName(api)
    await leaderSql(facts, refuse)
    const { operation, events } = await performOperation(api, 'switchover', {})
    await leaderSql(facts, allow)
    expect(operation.error).toBeNull()
    expect(operation.status).toBe('SUCCEEDED')
    expect(events.map(({ message }) => message).join('\n')).toMatch(said)
    await waitForHealthyCluster(api)
    expect(await leaderName(api)).not.toBe(before)
    await waitForHealth(api, 90_000)
  })
})
