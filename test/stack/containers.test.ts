import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { composeFor } from '../../scripts/lib/compose.mjs'
import { openStack } from '../../scripts/lib/settings.mjs'
import { TEST_STACK_FILES } from '../../scripts/lib/test-stack.mjs'
import { docker } from '../support/docker.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName, releaseCount, replicaName } from '../support/stack/cluster-facts.ts'
import { issuesOf } from '../support/stack/health.ts'
import { performOperation } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const run = promisify(execFile)
const facts = stack()
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
})
afterAll(() => api.close())

async function nodeNow(name: string) {
  const { cluster } = await api.query<{
    cluster: { nodes: { name: string; state: string; service: { state: string } | null }[] }
  }>('{ cluster { nodes { name state service { state } } } }')
  const node = cluster.nodes.find((each) => each.name === name)
  return { state: node?.state, service: node?.service }
}

/** The name that Compose gives what it is about to replace. */
async function renameAsCompose(service: string): Promise<string> {
  const name = facts.container(service)
  const id = await docker('inspect', '--format', '{{.Id}}', name)
  const renamed = `${id.slice(0, 12)}_${name}`
  await docker('rename', name, renamed)
  return renamed
}

/** `fetch` may take one that it has kept open. */
async function getOverNewConnection(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage]
  response.resume()
  return response
}

describe('a container that Compose has renamed', () => {
  let renamed: { from: string; to: string } | null = null
  afterEach(async () => {
    if (renamed !== null) await docker('rename', renamed.to, renamed.from)
    renamed = null
    await waitForHealthyCluster(api)
  })
  async function rename(service: string): Promise<string> {
    const to = await renameAsCompose(service)
    renamed = { from: facts.container(service), to }
    return to
  }

  test.each([
    ['a replica', replicaName, 'STREAMING'],
    ['the leader', leaderName, 'RUNNING'],
  ])('is that of %s, which streams and serves as before', async (_, named, state) => {
    const name = await named(api)
    const releases = await releaseCount(api)
    await rename(name)
    // What the operation worked in was found by its labels, and its end has every container looked at again.
    await performOperation(api, 'checkConnectivity', { from: name, to: 'etcd1' })
    await waitFor('the look', async () => (await nodeNow(name)).service?.state === 'RUNNING')
    expect(await nodeNow(name)).toEqual({ state, service: { state: 'RUNNING' } })
    expect((await issuesOf(api)).filter(({ message }) => message.includes(name))).toEqual([])
    expect(await releaseCount(api)).toBe(releases)
  })

  test('and stopped is started by startService, and stopped and restarted by theirs', async () => {
    const name = await replicaName(api)
    const to = await rename(name)
    expect((await performOperation(api, 'stopService', { service: name })).operation.error).toBeNull()
    expect(await docker('inspect', '--format', '{{.State.Status}}', to)).toBe('exited')
    expect((await performOperation(api, 'startService', { service: name })).operation.error).toBeNull()
    expect((await performOperation(api, 'restartService', { service: name })).operation.error).toBeNull()
    expect(await docker('inspect', '--format', '{{.State.Status}}', to)).toBe('running')
  })
})

describe('an old container of the leader that has ended', () => {
  const stale = `${facts.container('stale')}-leader`
  afterEach(() => docker('rm', '--force', stale))

  test('says nothing of the leader that lives', async () => {
    const leader = await leaderName(api)
    const releases = await releaseCount(api)
    const image = await docker('inspect', '--format', '{{.Config.Image}}', facts.container(leader))
    const labels = [
      `com.docker.compose.project=${facts.project}`,
      `com.docker.compose.service=${leader}`,
      'com.docker.compose.config-hash=old',
      'com.docker.compose.oneoff=False',
    ].flatMap((label) => ['--label', label])
    await docker('run', '--name', stale, '--network', 'none', ...labels, '--entrypoint', 'true', image)
    // An operation that works in the leader's container has found it; so has each look after the event of the other one.
    expect((await performOperation(api, 'checkConnectivity', { from: leader, to: 'etcd1' })).operation.error).toBeNull()
    expect(await nodeNow(leader)).toEqual({ state: 'RUNNING', service: { state: 'RUNNING' } })
    expect(await releaseCount(api)).toBe(releases)
    expect(await leaderName(api)).toBe(leader)
  })
})

describe('a Patroni that is kept down', () => {
  async function recreate(service: string): Promise<void> {
    const compose = await composeFor(await openStack(TEST_STACK_FILES))
    await compose.run(['up', '-d', '--no-build', '--no-deps', '--force-recreate', service])
  }
  const status = (node: string) =>
    facts.exec(node, ['sv', 'status', '/etc/service/patroni']).catch(() => 'nothing is supervised yet')

  test('stays down in the container that takes the place of its own, and is started there', async () => {
    const node = await replicaName(api)
    await facts.exec(node, ['sh', '-c', 'echo "me, until monday" > /etc/service/patroni/down'])
    await facts.exec(node, ['sv', '-w', '60', 'stop', '/etc/service/patroni'])
    await recreate(node)
    await waitFor('runit', async () => (await status(node)).startsWith('down:'))
    expect(JSON.parse(await facts.exec(node, ['howdah-data', 'kept-down-by']))).toEqual({ by: 'me, until monday' })
    expect((await performOperation(api, 'startService', { service: node })).operation.error).toBeNull()
    await recreate(node)
    await waitForHealthyCluster(api)
    expect(await status(node)).toMatch(/^run:/)
  })
})

describe('a published port', () => {
  /** Docker's proxy for it; null where this engine has none. */
  async function proxyOf(port: number): Promise<string | null> {
    const found = await run('pgrep', ['-f', `docker-proxy .*-host-port ${port} `]).catch(() => ({ stdout: '' }))
    return found.stdout.split('\n')[0] || null
  }

  test('that nothing serves any more is seen, and its remedy brings it back', async (context) => {
    const port = facts.ports['HAPROXY_STATS_PORT'] ?? 0
    const proxy = await proxyOf(port)
    if (proxy === null) return context.skip()
    await run('kill', ['-KILL', proxy])
    const issue = await waitFor('health to say so', async () =>
      (await issuesOf(api)).find(({ code }) => code === 'PUBLISHED_PORT_LOST'),
    )
    expect(issue.message).toContain(`127.0.0.1:${port}`)
    expect(issue.remedy).toContain('restartService(input: {service: "haproxy"})')
    expect((await performOperation(api, 'restartService', { service: 'haproxy' })).operation.error).toBeNull()
    await waitFor('the port to be seen', async () =>
      (await issuesOf(api)).every(({ code }) => code !== 'PUBLISHED_PORT_LOST'),
    )
    await waitForHealthyCluster(api)
  })

  test('takes as many connections as are allowed, refuses one more, and outlives them', async () => {
    const { hostname, port } = new URL(facts.apiUrl)
    const sockets: Socket[] = []
    const open = async () => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      sockets.push(socket)
      await once(socket, 'connect')
    }
    try {
      // As shipped, 1000; what other clients have counts too.
      for (let opened = 0; opened < 1_000; opened += 1) await open()
      // The proxy has taken them before it has led all of them on.
      await waitFor('one more to be refused', async () => {
        const { statusCode, headers } = await getOverNewConnection(facts.apiUrl.replace('/graphql', '/graphql/stream'))
        if (statusCode === 503 && headers['retry-after'] === '5') return true
        throw new Error(`${statusCode}, Retry-After ${headers['retry-after'] ?? 'not there'}`)
      })
      expect((await getOverNewConnection(facts.apiUrl.replace('/graphql', '/health'))).statusCode).toBe(200)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
    await waitFor('room', async () => (await getOverNewConnection(facts.apiUrl)).statusCode !== 503)
    expect(await leaderName(api)).toBeTruthy()
  })
})
