import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { buildChecksImage } from '../../scripts/lib/build-images.mjs'
import { openStack, ROOT } from '../../scripts/lib/settings.mjs'
import { docker } from '../support/docker.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
const NAME = 'howdah-test-prometheus'
let api: ApiClient
let folder: string

/** As it is shipped, but for where it scrapes, and how often. */
async function prometheusConfiguration(): Promise<string> {
  const shipped = parse(await readFile(join(ROOT, 'configs/monitoring/prometheus.yml'), 'utf8'))
  const [job] = shipped.scrape_configs
  return stringify({
    ...shipped,
    global: { scrape_interval: '2s', evaluation_interval: '2s' },
    scrape_configs: [{ ...job, static_configs: [{ targets: ['api:4000'] }] }],
  })
}

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  const image = await buildChecksImage(await openStack(), { note: () => {} })
  folder = await mkdtemp(join(tmpdir(), 'howdah-prometheus-'))
  await cp(join(ROOT, 'configs/monitoring/howdah.rules.yml'), join(folder, 'howdah.rules.yml'))
  await writeFile(join(folder, 'prometheus.yml'), await prometheusConfiguration())
  await writeFile(join(folder, 'howdah-token'), facts.tokens.viewer)
  const program = ['prometheus', '--config.file=/etc/howdah/prometheus.yml', '--storage.tsdb.path=/tmp/prometheus']
  // With its label it goes with the stack, whatever becomes of this test.
  const network = [
    '--network',
    `${facts.project}_patroni_network`,
    '--label',
    `com.docker.compose.project=${facts.project}`,
  ]
  await docker(
    'run',
    '--detach',
    '--rm',
    '--name',
    NAME,
    ...network,
    '--volume',
    `${folder}:/etc/howdah:ro`,
    image,
    ...program,
  )
}, 300_000)
afterAll(async () => {
  await docker('rm', '--force', NAME)
  await rm(folder, { recursive: true })
  await waitForHealthyCluster(api)
  await api.close()
})

/** What Prometheus answers: a line for each series, without its time. */
async function query(expression: string): Promise<string[]> {
  const answer = await docker('exec', NAME, 'promtool', 'query', 'instant', 'http://localhost:9090', expression)
  return answer.split('\n').flatMap((line) => line.match(/^(.*) @\[/)?.[1] ?? [])
}

const untilQuery = (expression: string, expected: readonly string[], timeoutMs = 120_000) =>
  waitFor(
    `${expression} to be ${JSON.stringify(expected)}`,
    async () => {
      const found = await query(expression)
      if (JSON.stringify(found) === JSON.stringify(expected)) return true
      throw new Error(JSON.stringify(found))
    },
    { timeoutMs, intervalMs: 1000 },
  )

test('Prometheus reads what Howdah knows', async () => {
  await untilQuery('sum(howdah_node_up)', ['{} => 4'])
  await untilQuery('sum(howdah_cluster_writable) + sum(howdah_cluster_has_leader)', ['{} => 2'])
  await untilQuery('sum(howdah_recovery_windows) > bool 0', ['{} => 1'])
  await untilQuery('howdah_workers_up', ['howdah_workers_up{instance="api:4000", job="howdah"} => 1'])
  await untilQuery('count(ALERTS{alertstate="firing", severity="page"})', [])
})

test('an alert fires when applications cannot write, and ends when they can', { timeout: 300_000 }, async () => {
  const firing = 'count(ALERTS{alertstate="firing", alertname="HowdahNotWritable"})'
  await facts.stop('haproxy')
  try {
    await untilQuery(firing, ['{} => 1'])
  } finally {
    await facts.start('haproxy')
  }
  await untilQuery(firing, [])
})
