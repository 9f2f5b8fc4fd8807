import { randomBytes } from 'node:crypto'
import { addressOf, docker } from '../docker.ts'

export interface TestContainer {
  readonly name: string
  readonly address: string
  /** Runs a command in it and answers what it printed. */
  exec(...argv: string[]): Promise<string>
  remove(): Promise<void>
}

/** Starts a container of the test's own from one of the stack's images ("etcd", "postgres", "barman"). */
export async function startContainer(request: {
  image: 'etcd' | 'postgres' | 'barman' | 'haproxy'
  entrypoint: string
  command: readonly string[]
  options?: readonly string[]
  name?: string
}): Promise<TestContainer> {
  const { image, entrypoint, command, options = [], name = uniqueName(image) } = request
  const prefix = process.env['IMAGE_PREFIX'] ?? 'howdah'
  const tag = process.env['SUITE'] ?? 'trixie'
  const identity = ['--name', name, '--label', 'howdah.test', '--entrypoint', entrypoint]
  await docker('run', '--detach', ...identity, ...options, `${prefix}/${image}:${tag}`, ...command)
  return {
    name,
    address: await addressOf(name),
    exec: (...argv) => docker('exec', name, ...argv),
    remove: async () => {
      await docker('rm', '--force', '--volumes', name)
    },
  }
}

export function uniqueName(subject: string): string {
  return `howdah-test-${subject}-${randomBytes(4).toString('hex')}`
}
