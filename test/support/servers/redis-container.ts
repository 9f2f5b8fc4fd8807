import { randomBytes } from 'node:crypto'
import { connectRedis, type Redis } from '../../../src/shared/redis.ts'
import { addressOf, docker } from '../docker.ts'
import { waitFor } from '../wait-for.ts'

/** A Redis of the test's own, configured as the stack's is. */
export interface RedisContainer {
  readonly url: string
  connect(mode: 'prompt' | 'patient'): Promise<Redis>
  /** SIGKILL, as a crash would. */
  kill(): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
}

export async function startRedis(): Promise<RedisContainer> {
  const name = `howdah-test-redis-${randomBytes(4).toString('hex')}`
  const image = process.env['HOWDAH_REDIS_IMAGE'] ?? 'howdah/redis:trixie'
  const options = [
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--save',
    '',
    '--maxmemory-policy',
    'noeviction',
    '--protected-mode',
    'no',
  ]
  await docker(
    'run',
    '--detach',
    '--name',
    name,
    '--label',
    'howdah.test',
    '--entrypoint',
    'redis-server',
    image,
    ...options,
  )
  const address = await addressOf(name)
  const url = `redis://${address}:6379`
  const connections: Redis[] = []

  async function answering(): Promise<void> {
    const probe = connectRedis({ url, password: null }, 'prompt')
    try {
      await waitFor('Redis to answer', () => probe.ping().then((answer) => answer === 'PONG'))
    } finally {
      probe.disconnect()
    }
  }

  await answering()
  return {
    url,
    async connect(mode) {
      const redis = connectRedis({ url, password: null }, mode)
      connections.push(redis)
      await waitFor('a connection to Redis', () => redis.ping().then((answer) => answer === 'PONG'))
      return redis
    },
    kill: async () => void (await docker('kill', name)),
    async start() {
      await docker('start', name)
      const now = await addressOf(name)
      if (now !== address) throw new Error(`Redis came back at ${now} instead of ${address}`)
      await answering()
    },
    async remove() {
      for (const redis of connections) redis.disconnect()
      await docker('rm', '--force', '--volumes', name)
    },
  }
}
