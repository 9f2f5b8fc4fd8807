import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TEST_STACK, writeTestSettings } from '../../scripts/lib/test-stack.mjs'
import { docker } from '../support/docker.ts'
import { startWriteLoad } from '../support/load/write-load.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName } from '../support/stack/cluster-facts.ts'
import { NODES, onEveryNode } from '../support/stack/every-node.ts'
import { waitForHealth } from '../support/stack/health.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'
import { containersOf, replaced, runScript, secondClone } from '../support/stack/start-command.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
const tokens = join(facts.secretsDir, 'tokens.json')
let api: ApiClient
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'howdah-start-'))
  // Compose 1 counts the image's id as a setting: what a file before this one had rebuilt would be made again.
  expect(await start()).toMatchObject({ code: 0 })
  await connect()
  await leaderSql(facts, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (2)')
})
afterAll(async () => {
  await leaderSql(facts, 'DROP TABLE IF EXISTS kept')
  await waitForHealthyCluster(api)
  await api.close()
  await rm(folder, { recursive: true })
})

/** The API may have been made again. */
async function connect(): Promise<void> {
  await api?.close()
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
}

const kept = () => onEveryNode(facts, (node) => facts.sql(node, 'SELECT sum(n) FROM kept'))
const start = (changed: Readonly<Record<string, string>> = {}, ...args: string[]) =>
  runScript('start.mjs', args, { settings: { ...TEST_STACK.settings, ...changed } })

describe('a start from a second clone', { timeout: 300_000 }, () => {
  test('is refused, says whose data it is, and touches nothing', async () => {
    const root = await secondClone(join(folder, 'second'))
    const { STACK_ENV_FILE: _, SECRETS_DIR: __, ...settings } = TEST_STACK.settings
    const before = await containersOf(facts)
    const { code, output } = await runScript('start.mjs', [], { root, settings })
    expect(code).toBe(1)
    expect(output).toContain('Nothing was touched')
    expect(output).toMatch(/howdah-test_db1_data.* made from /)
    expect(output).toContain(`cp -p ${facts.envFile} ${root}/.env`)
    expect(await containersOf(facts)).toEqual(before)
    for (const path of ['.env', 'secrets']) await expect(stat(join(root, path))).rejects.toThrow('ENOENT')
  })

  test('with secrets of its own is refused before a container is replaced', async () => {
    const root = join(folder, 'second')
    const settings = { ...TEST_STACK.settings, STACK_ENV_FILE: join(root, '.env'), SECRETS_DIR: join(root, 'secrets') }
    await cp(facts.envFile, join(root, '.env'))
    await cp(facts.secretsDir, join(root, 'secrets'), { recursive: true })
    await writeFile(join(root, 'secrets/barman_password'), `another-${Date.now()}\n`)
    const before = await containersOf(facts)
    const { code, output } = await runScript('start.mjs', ['--dry-run'], { root, settings })
    expect(code).toBe(1)
    expect(output).toMatch(/refused for barman/)
    expect(await containersOf(facts)).toEqual(before)
  })
})

describe('a start after a change of settings', { timeout: 900_000 }, () => {
  test('touches nothing where nothing changed, and says so', async () => {
    const before = await containersOf(facts)
    expect((await start({}, '--dry-run')).output).toContain('nothing: every container runs and is up to date')
    expect((await start()).code).toBe(0)
    expect(await containersOf(facts)).toEqual(before)
  })

  test('makes one replica again, and nothing else', async () => {
    await waitForNothingRunning(api)
    const leader = await leaderName(api)
    const node = NODES.find((name) => name !== leader) ?? ''
    const changed = { [`${node.toUpperCase()}_RECOVERY_PORT`]: '24399' }
    const before = await containersOf(facts)
    const preview = await start(changed, '--dry-run')
    expect(preview.output).toContain(
      `made again one by one, each once the one before streams: ${node} (its settings changed)`,
    )
    expect(await containersOf(facts)).toEqual(before)
    const { code, output } = await start(changed)
    expect(output).toContain(`streams: ${node} (its settings changed)`)
    expect(code).toBe(0)
    expect(replaced(before, await containersOf(facts))).toEqual([node])
    expect(await leaderName(api)).toBe(leader)
    expect((await start()).code).toBe(0)
  })

  test('takes replicas first and the leader last, under writes that miss the switchover alone', async () => {
    await waitForNothingRunning(api)
    const leader = await leaderName(api)
    const before = await containersOf(facts)
    const load = await startWriteLoad(facts)
    const { code, output } = await start({ PATRONI_RETRY_TIMEOUT: '6' })
    const written = await load.stop()
    expect(output).toContain(`after a switchover, in which writes pause: ${leader} (its settings changed)`)
    expect(code).toBe(0)
    expect(written.lost).toEqual([])
    expect(written.acknowledged).toBeGreaterThan(100)
    // A leader that went down without one would cost them its lock's time, 20 s.
    expect(load.longestGapMs).toBeLessThan(15_000)
    const after = await containersOf(facts)
    // HAProxy reckons with it too.
    expect(replaced(before, after).sort()).toEqual([...NODES, 'haproxy'])
    const order = [...NODES].sort(
      (one, other) => Date.parse(after[one]?.startedAt ?? '') - Date.parse(after[other]?.startedAt ?? ''),
    )
    expect(order.at(-1)).toBe(leader)
    await waitForHealthyCluster(api)
    expect(await leaderName(api)).not.toBe(leader)
    expect((await start()).code).toBe(0)
    expect(await kept()).toEqual(NODES.map(() => '3'))
  })
})

describe('secrets that are lost', { timeout: 1_200_000 }, () => {
  /** `.env` and `secrets/` are gone, but for the tokens: the other files of this suite have them. */
  async function loseSecrets(): Promise<void> {
    const [lostEnv, lostSecrets] = [join(folder, 'lost.env'), join(folder, 'lost-secrets')]
    await rm(lostSecrets, { recursive: true, force: true })
    await cp(facts.envFile, lostEnv)
    await rm(facts.envFile)
    await rename(facts.secretsDir, lostSecrets).catch(async () => {
      await cp(facts.secretsDir, lostSecrets, { recursive: true })
      await rm(facts.secretsDir, { recursive: true })
    })
    await mkdir(facts.secretsDir, { mode: 0o700 })
    await cp(join(lostSecrets, 'tokens.json'), tokens)
  }

  async function expectAllBack(sum: string): Promise<void> {
    await writeTestSettings()
    await connect()
    expect(await kept()).toEqual(NODES.map(() => sum))
    await waitForBackups(api)
    await waitForHealth(api, 180_000)
  }

  test('are refused at a start, and new ones are set on a cluster that serves, which loses no write', async () => {
    await waitForNothingRunning(api)
    const before = await containersOf(facts)
    const password = await readFile(join(facts.secretsDir, 'barman_password'), 'utf8')
    await loseSecrets()
    const refused = await start()
    expect(refused.code).toBe(1)
    expect(refused.output).toContain('npm run secrets:reset')
    expect(await containersOf(facts)).toEqual(before)
    expect((await runScript('reset-secrets.mjs')).output).toContain('there is no terminal to ask on')

    const { code, output } = await runScript('reset-secrets.mjs', ['--yes'])
    expect(output).toContain('The stack runs with the secrets of')
    expect(code).toBe(0)
    expect(await readFile(join(facts.secretsDir, 'barman_password'), 'utf8')).not.toBe(password)
    await expectAllBack('3')
    expect((await start()).code).toBe(0)
  })

  test('are set on data whose containers have been started with others, where no node leads', async () => {
    await waitForNothingRunning(api)
    // The first to be let in would lead, and what it has not seen would be lost.
    const leader = await leaderName(api)
    const behind = NODES.find((node) => node !== leader) ?? ''
    await facts.stop(behind)
    await leaderSql(facts, 'INSERT INTO kept VALUES (3)')
    await waitFor('the other replicas to have it', async () => {
      const others = NODES.filter((node) => node !== behind)
      const sums = await Promise.all(others.map((node) => facts.sql(node, 'SELECT sum(n) FROM kept')))
      return sums.every((sum) => sum === '6')
    })
    const other = (text: string) => text.replaceAll(/^(PATRONI_\w+_PASSWORD)=.*$/gm, '$1=another')
    await writeFile(facts.envFile, other(await readFile(facts.envFile, 'utf8')))
    for (const name of ['barman_password', 'howdah_password'])
      await writeFile(join(facts.secretsDir, name), 'another\n')
    await docker('restart', ...NODES.map(facts.container), ...['barman', 'api', 'worker'].map(facts.container))
    await waitFor(
      'no node to lead',
      async () => {
        const roles = await Promise.all(
          NODES.map((node) =>
            facts.exec(node, ['/usr/local/lib/howdah/http-ok', '8008', '/primary']).then(
              () => node,
              () => '',
            ),
          ),
        )
        return roles.every((leads) => leads === '')
      },
      { timeoutMs: 120_000, intervalMs: 1000 },
    )
    const refused = await start()
    expect(refused.code).toBe(1)
    expect(refused.output).toMatch(/refused for|was last seen to accept/)

    const { code, output } = await runScript('reset-secrets.mjs', ['--yes'])
    expect(output).toContain('The stack runs with the secrets of')
    expect(code).toBe(0)
    await expectAllBack('6')
    // How Patroni tells the timeline of a node that has to be rewound while its data has the passwords of before.
    const replicator = 'host=/var/run/postgresql user=replicator dbname=postgres replication=true'
    expect(await facts.exec(behind, ['psql', '-XAt', replicator, '-c', 'IDENTIFY_SYSTEM'], 'postgres')).toContain('|')
  })
})
