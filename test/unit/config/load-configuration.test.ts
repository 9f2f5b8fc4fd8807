import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NO_APPROVALS } from '../../../src/admission/approval-rules.ts'
import { requireSchedules } from '../../../src/admission/schedules/schedule-request.ts'
import { ConfigurationError, loadConfiguration } from '../../../src/config/load-configuration.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'

const registry = await loadOperations()
let directory: string
let environment: Record<string, string>

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'howdah-configuration-'))
  await mkdir(join(directory, 'ssh'))
  const secrets = { redis_password: 'r\n', howdah_password: 'p', patroni_rest_password: 'q' }
  for (const [name, value] of Object.entries(secrets)) await writeFile(join(directory, name), value)
  const tokens = [{ name: 'ops', role: 'OPERATOR', token: 'howdah_'.padEnd(40, 'x') }]
  await writeFile(join(directory, 'tokens.json'), JSON.stringify({ tokens }))
  environment = { HOWDAH_SECRETS: directory, HOWDAH_CONFIG: 'configs/howdah.yml', BARMAN_SERVER: '' }
})
afterEach(() => rm(directory, { recursive: true }))

describe('the configuration', () => {
  test('is read from the file that is shipped', async () => {
    const { clusters, redis, tokens } = await loadConfiguration(environment, 'api')
    expect(redis).toEqual({ url: 'redis://redis:6379', password: 'r' })
    expect(tokens).toEqual([{ name: 'ops', role: 'OPERATOR', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }])
    expect(clusters[0]?.layout).toMatchObject({ name: 'patroni', backupServers: [{ name: 'patroni' }] })
    expect(clusters[0]?.layout.services.map(({ name }) => name)).toHaveLength(12)
    expect(clusters[0]?.credentials.patroni).toBeNull()
  })

  test('wants no approval where the file says nothing of it', async () => {
    const { approvals } = await loadConfiguration(environment, 'api')
    expect(approvals).toEqual({ required: [], distinct: false, expireSeconds: 86_400 })
  })

  test("takes the environment's names, and the prefix into each container's name", async () => {
    const named = {
      ...environment,
      PATRONI_SCOPE: 'sales',
      BARMAN_SERVER: 'vault',
      CONTAINER_PREFIX: 'x-',
      COMPOSE_PROJECT_NAME: 'two',
    }
    const { clusters } = await loadConfiguration(named, 'worker')
    expect(clusters[0]?.layout).toMatchObject({ name: 'sales', backupServers: [{ name: 'vault' }] })
    expect(clusters[0]?.layout.services[0]).toMatchObject({ name: 'etcd1', container: 'x-etcd1', project: 'two' })
    expect(clusters[0]?.credentials.patroni).toEqual({ username: 'howdah', password: 'q' })
  })

  test.each([
    [undefined, 16 * 1024 ** 2],
    ['1GB', 1024 ** 3],
    ['512 kB', 512 * 1024],
    ['1000', 1000],
  ])('takes %s as the bound of lag that HAProxy has', async (READ_MAX_LAG, bytes) => {
    const { clusters } = await loadConfiguration({ ...environment, ...(READ_MAX_LAG && { READ_MAX_LAG }) }, 'api')
    expect(clusters[0]?.layout.haproxy.readMaxLagBytes).toBe(bytes)
  })

  test.each(['much', '16mb', '-1', '1.5GB'])('refuses %s for it', async (READ_MAX_LAG) => {
    const loaded = loadConfiguration({ ...environment, READ_MAX_LAG }, 'api')
    await expect(loaded).rejects.toThrow(/clusters.0.haproxy.readMaxLag: a size/)
  })

  test('has schedules that the worker takes, unless they are turned off', async () => {
    const schedulesWith = async (changes: Record<string, string>) => {
      const { clusters } = await loadConfiguration({ ...environment, ...changes }, 'worker')
      return clusters.flatMap(({ schedules }) => schedules)
    }
    const schedules = await schedulesWith({})
    expect(schedules.map(({ name }) => name)).toEqual(['weekly-full', 'nightly-incremental', 'weekly-drill'])
    requireSchedules(schedules, { registry, approvals: NO_APPROVALS })
    expect(await schedulesWith({ SCHEDULES: 'false' })).toEqual([])
  })

  test('tells every fault at once, and no secret with it', async () => {
    const broken = join(directory, 'broken.yml')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the file's own placeholder
    await writeFile(broken, 'redis: { url: nowhere }\nhttp: { host: "${MISSING_HOST}", port: 70000 }\n')
    await writeFile(join(directory, 'tokens.json'), '{ "tokens": [ { "token": "very-secret"')
    await rm(join(directory, 'redis_password'))
    const error = await loadConfiguration({ ...environment, HOWDAH_CONFIG: broken }, 'api').catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(ConfigurationError)
    const { message } = error as ConfigurationError
    for (const fault of [
      'MISSING_HOST',
      'redis.url',
      'http.port',
      'limits',
      'clusters',
      'redis_password',
      'is not JSON',
    ]) {
      expect(message).toContain(fault)
    }
    expect(message).not.toContain('very-secret')
  })

  test('refuses a key that it does not know', async () => {
    const file = join(directory, 'odd.yml')
    await writeFile(file, 'redys: {}\n')
    await chmod(file, 0o600)
    await expect(loadConfiguration({ ...environment, HOWDAH_CONFIG: file }, 'worker')).rejects.toThrow(/redys/)
  })
})
