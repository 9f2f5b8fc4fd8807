import Docker from 'dockerode'
import { docker } from '../docker.ts'
import type { TestStack } from '../stack/stack.ts'
import { waitFor } from '../wait-for.ts'

export interface SecondWorker {
  /** Its container's name and, in events, its host name. */
  readonly name: string
  /** Everything that a worker has logged, by its container's name. */
  logs(container: string): Promise<string>
  remove(): Promise<void>
}

/** A second worker beside the stack's own: a container like that one, under another name. Resolves when it takes operations. */
export async function startSecondWorker(facts: TestStack): Promise<SecondWorker> {
  const engine = new Docker()
  const name = `${facts.container('worker')}-2`
  const logs = async (container: string) => {
    const buffer = await engine.getContainer(container).logs({ stdout: true, stderr: true })
    return buffer.toString('utf8')
  }
  const { Config, HostConfig, NetworkSettings } = await engine.getContainer(facts.container('worker')).inspect()
  const [first = '', ...others] = Object.keys(NetworkSettings.Networks)
  await docker('rm', '--force', name).catch(() => {})
  const container = await engine.createContainer({
    ...Config,
    name,
    Hostname: name,
    HostConfig: { ...HostConfig, RestartPolicy: { Name: 'no' } },
    NetworkingConfig: { EndpointsConfig: { [first]: {} } },
  })
  for (const network of others) await engine.getNetwork(network).connect({ Container: container.id })
  await container.start()
  await waitFor('the second worker to be ready', async () => (await logs(name)).includes('worker is ready'))
  return { name, logs, remove: async () => void (await docker('rm', '--force', name)) }
}

/** Stops every process of a container, or lets them go on: its main process alone is only what reaps the others. */
export async function signalAll(container: string, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  const listed = await docker('top', container, '-eo', 'pid')
  for (const pid of listed.split('\n').slice(1)) process.kill(Number(pid), signal)
}
