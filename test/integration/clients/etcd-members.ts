import { docker } from '../../support/docker.ts'
import { startContainer, type TestContainer, uniqueName } from '../../support/servers/test-container.ts'
import { waitFor } from '../../support/wait-for.ts'

export interface EtcdMembers {
  readonly containers: readonly TestContainer[]
  readonly members: readonly { name: string; clientUrl: string }[]
  put(key: string, value: string): Promise<void>
  remove(): Promise<void>
}

/** An etcd cluster of its own: one member, or two on a network of their own. */
export async function startEtcd(count: 1 | 2, options: readonly string[] = []): Promise<EtcdMembers> {
  const network = uniqueName('network')
  await docker('network', 'create', '--label', 'howdah.test', network)
  const names = Array.from({ length: count }, () => uniqueName('etcd'))
  const containers = await Promise.all(
    names.map((name) =>
      startContainer({
        image: 'etcd',
        name,
        entrypoint: 'etcd',
        options: ['--network', network, '--hostname', name],
        command: [
          ['--name', name, '--data-dir', '/tmp/etcd', '--heartbeat-interval', '100', '--election-timeout', '1000'],
          ['--listen-client-urls', 'http://0.0.0.0:2379', '--advertise-client-urls', `http://${name}:2379`],
          ['--listen-peer-urls', 'http://0.0.0.0:2380', '--initial-advertise-peer-urls', `http://${name}:2380`],
          options,
          ['--initial-cluster', names.map((each) => `${each}=http://${each}:2380`).join(',')],
        ].flat(),
      }),
    ),
  )
  const [first] = containers
  if (first === undefined) throw new Error('no member was started')
  const etcd = {
    containers,
    members: containers.map(({ name, address }) => ({ name, clientUrl: `http://${address}:2379` })),
    put: async (key: string, value: string) => {
      await first.exec('etcdctl', 'put', key, value)
    },
    remove: async () => {
      await Promise.all(containers.map((container) => container.remove()))
      await docker('network', 'rm', network)
    },
  }
  await waitFor('etcd to have quorum', () => first.exec('etcdctl', 'endpoint', 'health').then(() => true))
  return etcd
}
