import { expect, it } from 'vitest'
import type { EtcdEndpoint, OpenWatch, PrefixState } from '../../../../src/clients/etcd/etcd-endpoint.ts'
import { watchPrefix } from '../../../../src/clients/etcd/watch-prefix.ts'
import { UnreachableError } from '../../../../src/domain/errors.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import { waitFor } from '../../../support/wait-for.ts'

/** A member whose store this test writes. */
function createMember(name: string) {
  const watches: OpenWatch[] = []
  const member = {
    down: false,
    state: { revision: 5n, values: new Map([['leader', 'db1']]) } satisfies PrefixState as PrefixState,
    watches,
    reads: 0,
  }
  const endpoint: EtcdEndpoint = {
    member: { name, clientUrl: '' },
    range: async () => {
      member.reads += 1
      if (member.down) throw new UnreachableError(name, 'down')
      return member.state
    },
    watch: async (request) => {
      watches.push(request)
      return () => {}
    },
    status: () => Promise.reject(new Error('not asked')),
    close: () => {},
  }
  return { member, endpoint }
}

function follow(endpoints: readonly EtcdEndpoint[], heartbeatMs = 10_000) {
  const states: PrefixState[] = []
  const losses: string[] = []
  const watch = watchPrefix(
    { endpoints, clock: systemClock, heartbeatMs },
    { prefix: '/p/', onState: (state) => states.push(state), onLost: (reason) => losses.push(reason) },
  )
  return { states, losses, watch }
}

it('reads at one revision, watches from the next, and tells each message as one change', async () => {
  const { member, endpoint } = createMember('etcd1')
  const { states, watch } = follow([endpoint])
  await waitFor('a watch', () => member.watches.length === 1)
  expect(member.watches[0]?.fromRevision).toBe(6n)
  member.watches[0]?.onEvents([
    { key: 'leader', value: null, revision: 7n },
    { key: 'sync', value: '{}', revision: 7n },
  ])
  expect(states.map(({ values }) => Object.fromEntries(values))).toEqual([{ leader: 'db1' }, { sync: '{}' }])
  await watch.stop()
})

it('does not go back to what a newer read has seen past', async () => {
  const { member, endpoint } = createMember('etcd1')
  const { states, watch } = follow([endpoint], 5)
  await waitFor('a watch', () => member.watches.length === 1)
  member.state = { revision: 9n, values: new Map([['leader', 'db3']]) }
  await waitFor('a heartbeat', () => states.at(-1)?.revision === 9n)
  member.watches[0]?.onEvents([{ key: 'leader', value: 'db2', revision: 8n }])
  expect(states.at(-1)?.values.get('leader')).toBe('db3')
  await watch.stop()
})

it('goes to the next member when one fails, and says that contact was lost', async () => {
  const [first, second] = [createMember('etcd1'), createMember('etcd2')]
  first.member.down = true
  second.member.state = { revision: 6n, values: new Map([['leader', 'db2']]) }
  const { states, losses, watch } = follow([first.endpoint, second.endpoint])
  await waitFor('the second', () => states.length === 1)
  expect(losses).toEqual(['etcd1 cannot be reached: down'])
  expect(states[0]?.values.get('leader')).toBe('db2')
  await watch.stop()
})

it('notices by its heartbeat that quorum is lost, and comes back with what has changed meanwhile', async () => {
  const { member, endpoint } = createMember('etcd1')
  const { states, losses, watch } = follow([endpoint], 5)
  await waitFor('a state', () => states.length > 0)
  member.down = true
  await waitFor('the loss', () => losses.length > 0)
  member.state = { revision: 20n, values: new Map([['leader', 'db4']]) }
  member.down = false
  await waitFor('the new state', () => states.at(-1)?.values.get('leader') === 'db4')
  await watch.stop()
})

it('starts over when the stream breaks', async () => {
  const { member, endpoint } = createMember('etcd1')
  const { losses, watch } = follow([endpoint])
  await waitFor('a watch', () => member.watches.length === 1)
  member.watches[0]?.onEnd(new UnreachableError('etcd1', 'the watch ended'))
  await waitFor('a second watch', () => member.watches.length === 2)
  expect(losses).toEqual(['etcd1 cannot be reached: the watch ended'])
  await watch.stop()
})
