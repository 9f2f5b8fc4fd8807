import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import { ServiceState } from '../../../../../src/domain/cluster/node.ts'
import type { AutomationContext } from '../../../../../src/operations/automation.ts'
import { findDeadLeaders } from '../../../../../src/operations/leadership/release-leader-lock/find-dead-leaders.ts'
import { clusterOf, memberOf, serviceOf, servicesSeen, topologyOf } from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'

const containerId = '0123456789abcdef'
const members = new Map([['db1', memberOf('db1', { tags: { howdah_container: '0123456789ab' } })]])
const holds = (leader: string | null) => ({ topology: seen(topologyOf({ leader, members })) })
const ended = (startedAt = '2026-11-22T12:00:00Z') => ({
  services: servicesSeen([
    serviceOf('db1', { state: ServiceState.EXITED, containerId, startedAt: new Date(startedAt) }),
  ]),
})
const DEAD = { ...holds('db1'), ...ended() }

async function keysAt(time: string, changes: Partial<ClusterSnapshot> = DEAD): Promise<string[]> {
  const context = { cluster: () => clusterOf(changes), now: () => new Date(`2026-11-22T${time}Z`) }
  const needs = await findDeadLeaders.findNeeds(context as AutomationContext)
  return needs.map(({ key }) => key)
}

describe("the release of a dead leader's lock", () => {
  test('has one key for a death and a round, whichever worker looks, and another in the next round: one try may fail', async () => {
    const [first] = await keysAt('16:00:00')
    expect(first).toBeTruthy()
    expect(await keysAt('16:00:29')).toEqual([first])
    const [second] = await keysAt('16:00:31')
    expect(second).not.toBe(first)
    expect(await keysAt('16:00:59')).toEqual([second])
  })

  test('has another key for the death of another life of the container', async () => {
    const again = { ...holds('db1'), ...ended('2026-11-22T15:59:00Z') }
    expect(await keysAt('16:00:00', again)).not.toEqual(await keysAt('16:00:00'))
  })

  test.each<[string, Partial<ClusterSnapshot>]>([
    ['another node leads', { ...ended(), ...holds('db2') }],
    ['no node leads yet', { ...ended(), ...holds(null) }],
    ['who leads cannot be seen', { ...ended(), topology: away('no quorum', topologyOf({ members })) }],
    ['its container runs again', { ...holds('db1'), services: servicesSeen([serviceOf('db1', { containerId })]) }],
  ])('is not asked for in a later round once %s', async (_, changes) => {
    expect(await keysAt('16:00:31', changes)).toEqual([])
  })
})
