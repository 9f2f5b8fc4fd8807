import { createClient } from 'graphql-ws'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { docker } from '../support/docker.ts'
import { createApiClient } from '../support/stack/api-client.ts'
import { stack } from '../support/stack/stack.ts'
import { readSecrets } from '../support/stack/stack-secrets.ts'

const facts = stack()
const { apiUrl, tokens, container } = facts

describe('without a token', () => {
  test('HTTP and SSE answer 401 and tell nothing', async () => {
    for (const accept of ['application/json', 'text/event-stream']) {
      const response = await fetch(apiUrl, {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ __schema { types { name } } }' }),
      })
      expect(response.status).toBe(401)
      expect(await response.text()).not.toMatch(/Cluster|__schema/)
    }
  })

  test('a WebSocket is closed', async () => {
    const client = createClient({
      url: apiUrl.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: true,
    })
    const follow = async () => {
      for await (const _ of client.iterate({ query: 'subscription { operationFeed { cursor } }' })) return
    }
    await expect(follow()).rejects.toMatchObject({ code: expect.toBeOneOf([4401, 4403]) })
    await client.dispose()
  })
})

describe('with a token', () => {
  test('a viewer reads and may not change; an operator may', async () => {
    const mutation = 'mutation { createBackup(input: { dryRun: true }) { plan { summary } refusals { code } } }'
    const viewer = createApiClient({ url: apiUrl, token: tokens.viewer })
    expect((await viewer.send('{ viewer { name role } }')).data).toMatchObject({
      viewer: { name: 'viewer', role: 'VIEWER' },
    })
    expect((await viewer.send(mutation)).errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' })
    const operator = createApiClient({ url: apiUrl, token: tokens.operator })
    expect((await operator.send(mutation)).errors).toBeUndefined()
  })
})

describe('secrets', () => {
  test('stand in no environment, no label and no argument that docker inspect shows', async () => {
    const secrets = await readSecrets(facts)
    expect(secrets.length).toBeGreaterThan(8)
    const services = ['api', 'worker', 'db1', 'barman', 'redis', 'haproxy', 'docker-proxy', 'etcd1']
    const inspected = await docker('inspect', ...services.map(container))
    const logs = (await Promise.all(['api', 'worker'].map((name) => docker('logs', container(name))))).join('\n')
    for (const secret of secrets) {
      expect(inspected.includes(secret)).toBe(false)
      expect(logs.includes(secret)).toBe(false)
    }
  })
})

describe("the API's way to Docker", () => {
  /** What the API's container is answered, request by request. */
  async function statuses(requests: readonly (readonly [method: string, path: string])[]): Promise<number[]> {
    const script = `Promise.all(${JSON.stringify(requests)}.map(([method, path]) =>
      fetch('http://docker-proxy:2375' + path, { method }).then(({ status }) => status)))
      .then((all) => console.log(JSON.stringify(all)))`
    return JSON.parse(await docker('exec', container('api'), 'node', '-e', script)) as number[]
  }

  test('reads, and can neither create, exec, stop nor read files', async () => {
    expect(await statuses([['GET', '/containers/json']])).toEqual([200])
    const name = container('db1')
    const forbidden: [string, string][] = [
      ['POST', '/containers/create'],
      ['POST', `/containers/${name}/exec`],
      ['POST', `/containers/${name}/stop`],
      ['POST', `/v1.41/containers/${name}/kill`],
      ['DELETE', `/containers/${name}`],
      ['GET', `/containers/${name}/archive?path=/etc`],
      ['GET', `/containers/${name}/export`],
      ['GET', '/containers/../images/json'],
      ['GET', '/secrets'],
      ['GET', '/images/json'],
      ['POST', '/build'],
    ]
    expect(await statuses(forbidden)).toEqual(forbidden.map(() => 403))
  })

  test('is the only one: the API has no socket', async () => {
    expect(await docker('inspect', '--format', '{{json .Mounts}}', container('api'))).not.toContain('docker.sock')
  })
})
