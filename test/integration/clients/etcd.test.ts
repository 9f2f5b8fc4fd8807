import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEtcdClient } from '../../../src/clients/etcd/etcd-client.ts'
import type { PrefixState } from '../../../src/clients/etcd/etcd-endpoint.ts'
import { NotFoundError, UnreachableError } from '../../../src/domain/errors.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { docker } from '../../support/docker.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type EtcdMembers, startEtcd } from './etcd-members.ts'

let etcd: EtcdMembers
beforeAll(async () => {
  etcd = await startEtcd(2)
})
afterAll(() => etcd?.remove())

function connect() {
  const client = createEtcdClient({ members: etcd.members, clock: systemClock, timeoutMs: 700, heartbeatMs: 300 })
  const states: PrefixState[] = []
  const losses: string[] = []
  const follow = (prefix: string) =>
    client.watchPrefix({ prefix, onState: (state) => states.push(state), onLost: (reason) => losses.push(reason) })
  return { client, states, losses, follow }
}

describe('with both members', () => {
  it('a prefix is read, and its keys are named below it', async () => {
    const { client } = connect()
    await etcd.put('/read/a', '1')
    await etcd.put('/read/b/c', '2')
    const { values } = await client.getPrefix('/read/')
    expect(Object.fromEntries(values)).toEqual({ a: '1', 'b/c': '2' })
    client.close()
  })

  it('a watch tells puts and deletes, and nothing of other prefixes', async () => {
    const { client, states, losses, follow } = connect()
    await etcd.put('/watch/a', '1')
    const watch = follow('/watch/')
    await waitFor('the first state', () => states.length > 0)
    await etcd.put('/watcher/b', '9')
    await etcd.put('/watch/b', '2')
    await etcd.containers[0]?.exec('etcdctl', 'del', '/watch/a')
    await waitFor('both changes', () => states.at(-1)?.values.has('a') === false)
    expect(Object.fromEntries(states.at(-1)?.values ?? [])).toEqual({ b: '2' })
    expect(losses).toEqual([])
    await watch.stop()
    client.close()
  })

  it('each member tells its own status', async () => {
    const { client } = connect()
    const statuses = await Promise.all(etcd.members.map(({ name }) => client.memberStatus(name)))
    expect(statuses.map(({ hasLeader }) => hasLeader)).toEqual([true, true])
    expect(statuses.filter(({ isLeader }) => isLeader)).toHaveLength(1)
    expect(statuses[0]?.version).toMatch(/^3\.\d+\.\d+$/)
    expect(statuses[0]?.databaseBytes).toBeGreaterThan(0)
    expect(statuses[0]?.raftTerm).toBe(statuses[1]?.raftTerm)
    await expect(client.memberStatus('etcd9')).rejects.toThrow(NotFoundError)
    client.close()
  })
})

describe('with one member frozen', () => {
  it('the loss of quorum is told, nothing hangs, and all is caught up on afterwards', async () => {
    const { client, states, losses, follow } = connect()
    const [alive, frozen] = etcd.members
    const watch = follow('/frozen/')
    await waitFor('the first state', () => states.length > 0)
    await docker('pause', frozen?.name ?? '')
    try {
      await waitFor('the loss', () => losses.length > 0)
      await expect(client.getPrefix('/frozen/')).rejects.toThrow(UnreachableError)
      await expect(client.memberStatus(frozen?.name ?? '')).rejects.toThrow(UnreachableError)
      await waitFor('the loss of the leader', async () => !(await client.memberStatus(alive?.name ?? '')).hasLeader)
    } finally {
      await docker('unpause', frozen?.name ?? '')
    }
    await waitFor('quorum', () => etcd.put('/frozen/key', 'thawed').then(() => true))
    await waitFor('the new state', () => states.at(-1)?.values.get('key') === 'thawed')
    await watch.stop()
    client.close()
  })

  it('a watch that is stopped meanwhile stops', async () => {
    const { client, losses, follow } = connect()
    await docker('pause', etcd.members[0]?.name ?? '')
    try {
      const watch = follow('/stopped/')
      await waitFor('a failed attempt', () => losses.length > 0)
      await watch.stop()
      client.close()
    } finally {
      await docker('unpause', etcd.members[0]?.name ?? '')
    }
  })
})
