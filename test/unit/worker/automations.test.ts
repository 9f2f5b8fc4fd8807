import { pino } from 'pino'
import { beforeAll, describe, expect, test } from 'vitest'
import type { OperationAnswer } from '../../../src/admission/operation-service.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { ServiceState } from '../../../src/domain/cluster/node.ts'
import { RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import type { Automation } from '../../../src/operations/automation.ts'
import type { AnyOperation } from '../../../src/operations/define-operation.ts'
import { loadOperations, type OperationRegistry } from '../../../src/operations/load-operations.ts'
import type { Clock } from '../../../src/shared/clock.ts'
import { startAutomations } from '../../../src/worker/automations.ts'
import {
  clusterOf,
  LEADER,
  memberOf,
  nodeOf,
  serviceOf,
  servicesSeen,
  topologyOf,
} from '../../support/builders/cluster.ts'
import { layout } from '../../support/builders/layout.ts'
import { away, seen } from '../../support/builders/observed.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'
import { FakeNodeData } from '../../support/fakes/fake-node-data.ts'
import { FakeRecoveries } from '../../support/fakes/fake-recoveries.ts'

const AT = '2026-11-22T16:00:00.000Z'

interface Given {
  readonly registry: OperationRegistry
  readonly recoveries?: FakeRecoveries
  readonly active?: readonly string[]
  readonly cluster?: Partial<ClusterSnapshot>
  /** What stands in the file that keeps db2's Patroni down; null: there is none. */
  readonly down?: string | null
  readonly releaseDeadLeader?: boolean
  readonly at?: string
  answer?(): OperationAnswer
}

const accept = (): OperationAnswer => ({ operation: operationRecord(), plan: null, refusals: [] })
const refuse = (): OperationAnswer => ({ operation: null, plan: null, refusals: [] })

/** A worker that has just started; it looks again when it is told to. */
async function started(given: Given) {
  const { cluster = {}, down = null, active = [], answer = accept } = given
  let now = new Date(given.at ?? AT)
  const ticks: (() => void)[] = []
  const listeners: (() => void)[] = []
  const asked: Record<string, unknown>[] = []
  const clock: Pick<Clock, 'now' | 'elapsedMs' | 'every'> = {
    now: () => now,
    elapsedMs: () => now.getTime(),
    every(_ms, task) {
      ticks.push(task)
      return () => ticks.splice(ticks.indexOf(task), 1)
    },
  }
  const stop = startAutomations({
    registry: given.registry,
    layout,
    settings: { releaseDeadLeader: given.releaseDeadLeader ?? true },
    current: () => clusterOf(cluster),
    onChange(listener) {
      listeners.push(listener)
      return () => listeners.splice(listeners.indexOf(listener), 1)
    },
    nodeData: () => Object.assign(new FakeNodeData(), { down }),
    log: { active: async () => [...active] },
    recoveries: given.recoveries ?? new FakeRecoveries(),
    operations: {
      async submit(kind, input, actor) {
        asked.push({ kind, ...input, by: actor.name })
        return answer()
      },
    },
    clock: clock as Clock,
    logger: pino({ level: 'silent' }),
  })
  const settled = () => new Promise((resolve) => setTimeout(resolve, 5))
  await settled()
  return {
    asked,
    kinds: () => asked.map(({ kind }) => kind),
    async at(time: string) {
      now = new Date(time)
      for (const tick of ticks) tick()
      await settled()
    },
    async change() {
      for (const listener of listeners) listener()
      await settled()
    },
    stop,
  }
}

let all: OperationRegistry
beforeAll(async () => {
  all = await loadOperations()
})

describe('any automation', () => {
  const kindWith = (automation: Automation): OperationRegistry =>
    new Map([['wipeDisk', { name: 'wipeDisk', automation } as unknown as AnyOperation]])
  const needing = (...keys: string[]): Automation => ({
    everyMs: 10_000,
    onChange: true,
    findNeeds: async () => keys.map((key) => ({ input: {}, reason: 'it is full', key })),
  })

  test('is requested in the name of Howdah, with its reason, once for each key', async () => {
    const { asked, at, change } = await started({ registry: kindWith(needing('one', 'two')) })
    await at('2026-11-22T16:00:10Z')
    await change()
    expect(asked).toEqual(
      ['one', 'two'].map((idempotencyKey) => ({
        kind: 'wipeDisk',
        cluster: layout.name,
        reason: 'it is full',
        idempotencyKey,
        by: 'howdah',
      })),
    )
  })

  test('that is refused is requested again, but not with every change of the cluster', async () => {
    const { asked, at, change } = await started({ registry: kindWith(needing('one')), answer: refuse })
    await change()
    expect(asked).toHaveLength(1)
    await at('2026-11-22T16:00:02Z')
    expect(asked).toHaveLength(2)
  })

  test('whose request fails keeps no other need waiting for longer than a round', async () => {
    let fails = true
    const answer = () => {
      if (fails) throw new Error('Redis is away')
      return accept()
    }
    const { asked, at } = await started({ registry: kindWith(needing('one', 'two')), answer })
    fails = false
    await at('2026-11-22T16:00:10Z')
    expect(asked.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['one', 'one', 'two'])
  })

  test('that cannot look does not keep the others from it', async () => {
    const fails: Automation = {
      everyMs: 1,
      findNeeds: async () => {
        throw new Error('Redis is away')
      },
    }
    const broken = { name: 'broken', automation: fails } as unknown as AnyOperation
    const registry = new Map([['broken', broken], ...kindWith(needing('one'))])
    expect((await started({ registry })).kinds()).toEqual(['wipeDisk'])
  })

  test('looks no more when it is stopped', async () => {
    const { asked, at, change, stop } = await started({ registry: kindWith(needing('one')), answer: refuse })
    stop()
    await at('2026-11-22T17:00:00Z')
    await change()
    expect(asked).toHaveLength(1)
  })
})

const left = (status: RecoveryStatus, operationId = 'ended') =>
  recoveryRecord({ id: `r-${status}`, status, operationId, updatedAt: AT })

describe('settleRecovery', () => {
  test('is requested at the start for each recovery that no operation works on, and for no other', async () => {
    const recoveries = new FakeRecoveries(
      ...Object.values(RecoveryStatus).map((status) => left(status)),
      recoveryRecord({ id: 'worked-on', status: RecoveryStatus.CUTTING_OVER, operationId: 'running' }),
    )
    const { asked } = await started({ registry: all, recoveries, active: ['running'] })
    expect(asked.map(({ kind, recovery, by }) => `${kind} ${recovery} by ${by}`).sort()).toEqual(
      ['CUTTING_OVER', 'REPLAYING', 'RESTORING', 'VERIFYING'].map((each) => `settleRecovery r-${each} by howdah`),
    )
  })

  test('is requested once a minute where it did not help, later every ten, with keys that all workers share', async () => {
    const given = { registry: all, recoveries: new FakeRecoveries(left(RecoveryStatus.CUTTING_OVER)) }
    const [one, other] = [await started(given), await started(given)]
    expect(other.asked[0]?.['idempotencyKey']).toBe(one.asked[0]?.['idempotencyKey'])
    await one.at('2026-11-22T16:00:30Z')
    expect(one.asked).toHaveLength(1)
    await one.at('2026-11-22T16:01:01Z')
    expect(one.asked).toHaveLength(2)
    await one.at('2026-11-22T16:11:00Z')
    await one.at('2026-11-22T16:12:00Z')
    expect(one.asked).toHaveLength(3)
    expect(new Set(one.asked.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3)
  })
})

describe('releaseLeaderLock', () => {
  const containerId = '0123456789abcdef'
  const leader = memberOf('db1', { tags: { howdah_container: '0123456789ab' } })
  const dead = {
    services: servicesSeen([serviceOf('db1', { state: ServiceState.EXITED, containerId }), serviceOf('db2')]),
    topology: seen(topologyOf({ members: new Map([['db1', leader]]) })),
  }

  test('is requested once for a death, however often the cluster changes', async () => {
    const { asked, at, change } = await started({ registry: all, cluster: dead })
    await change()
    await at('2026-11-22T16:00:02Z')
    expect(asked).toMatchObject([{ kind: 'releaseLeaderLock', node: 'db1', by: 'howdah' }])
  })

  test('is not requested where the configuration says so', async () => {
    expect((await started({ registry: all, cluster: dead, releaseDeadLeader: false })).kinds()).toEqual([])
  })
})

describe('discardRecovery', () => {
  const EXPIRES = '2026-11-22T18:00:00.000Z'
  const READY = { status: RecoveryStatus.READY, expiresAt: EXPIRES }

  test('is requested once for what is READY past its time, and for nothing else', async () => {
    const recovery = recoveryRecord(READY)
    const recoveries = new FakeRecoveries(
      recovery,
      recoveryRecord({ ...READY, expiresAt: null }),
      recoveryRecord({ ...READY, status: RecoveryStatus.COMPLETED }),
      recoveryRecord({ ...READY, cluster: 'other' }),
    )
    const { asked, at } = await started({ registry: all, recoveries, at: '2026-11-22T17:59:59Z' })
    expect(asked).toEqual([])
    await at(EXPIRES)
    await at('2026-11-22T18:00:10Z')
    expect(asked).toMatchObject([{ kind: 'discardRecovery', recovery: recovery.id, cluster: 'patroni', by: 'howdah' }])
  })

  test('is requested with one key by all workers, and with another once it did not help', async () => {
    const given = { registry: all, recoveries: new FakeRecoveries(recoveryRecord(READY)), at: EXPIRES }
    const one = await started(given)
    const other = await started({ ...given, at: '2026-11-22T18:00:07Z' })
    expect(other.asked[0]?.['idempotencyKey']).toBe(one.asked[0]?.['idempotencyKey'])
    await one.at('2026-11-22T18:10:00Z')
    expect(one.asked).toHaveLength(2)
    expect(one.asked[1]?.['idempotencyKey']).not.toBe(one.asked[0]?.['idempotencyKey'])
  })

  test('is requested again once Redis is back', async () => {
    const recoveries = new FakeRecoveries(recoveryRecord(READY))
    recoveries.away = true
    const { asked, at } = await started({ registry: all, recoveries, at: EXPIRES })
    expect(asked).toEqual([])
    recoveries.away = false
    await at('2026-11-22T18:00:20Z')
    expect(asked).toHaveLength(1)
  })
})

const guarded = (by: string) => ({
  topology: seen(topologyOf({ configuration: { check_timeline: true, howdah_check_timeline: by } })),
})

test.each<[string, Omit<Given, 'registry'>, string[]]>([
  ['that an ended operation has left on', { cluster: guarded('ended') }, ['liftTimelineGuard']],
  ['not while that operation runs', { cluster: guarded('running'), active: ['running'] }, []],
  ["not a user's own", { cluster: { topology: seen(topologyOf({ configuration: { check_timeline: true } })) } }, []],
  [
    'not while a node does not follow',
    { cluster: { ...guarded('ended'), nodes: [LEADER, nodeOf('db2', { patroni: away() })] } },
    [],
  ],
  [
    'not before the recovery is settled',
    { cluster: guarded('ended'), recoveries: new FakeRecoveries(left(RecoveryStatus.CUTTING_OVER)) },
    ['settleRecovery'],
  ],
])('check_timeline is taken off: %s', async (_, given, expected) => {
  expect((await started({ registry: all, ...given })).kinds()).toEqual(expected)
})

const ENDED = '20261122T110000000-3f9a1c'
const silent = {
  nodes: [LEADER, nodeOf('db2', { patroni: away('connection refused') })],
  services: servicesSeen(['db1', 'db2'].map((name) => serviceOf(name))),
}

test.each<[string, Omit<Given, 'registry'>, string[]]>([
  ['by an operation that has ended is started', { cluster: silent, down: ENDED }, ['startService']],
  ['by one that runs is left to it', { cluster: silent, down: ENDED, active: [ENDED] }, []],
  ['by a person stays down', { cluster: silent, down: '' }, []],
  ['by a person who says why stays down', { cluster: silent, down: 'disk replaced, leave down' }, []],
  ['by nothing is not for Howdah to start', { cluster: silent }, []],
])('a node that is kept down %s', async (_, given, expected) => {
  expect((await started({ registry: all, ...given })).kinds()).toEqual(expected)
})
