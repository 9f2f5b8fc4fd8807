import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { ServiceCommands } from '../../../src/clients/docker/service-commands.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import type { Clock } from '../../../src/shared/clock.ts'
import { settleWhatIsLeft } from '../../../src/worker/settle-what-is-left.ts'
import { FakeRecoveries, recoveryRecord } from '../../support/fake-recoveries.ts'
import { operationRecord } from '../../support/operations.ts'
import { away, clusterOf, LEADER, nodeOf, seen, serviceOf, topologyOf } from '../domain/builders.ts'
import { layout } from '../observe/layout.ts'

const AT = '2026-11-22T16:00:00.000Z'
const left = (status: RecoveryStatus, operationId = 'ended') =>
  recoveryRecord({ id: `r-${status}`, status, operationId, updatedAt: AT })

/** A worker that has just started; it looks again when it is told to. */
async function started(given: {
  recoveries?: ReturnType<typeof left>[]
  active?: string[]
  cluster?: Partial<ClusterSnapshot>
  /** What stands in the file that keeps db2's Patroni down; null: there is none. */
  down?: string | null
  accepts?: boolean
}) {
  const { recoveries = [], active = [], cluster = {}, down = null, accepts = true } = given
  let now = new Date(AT)
  let tick: () => void = () => {}
  const asked: Record<string, unknown>[] = []
  const clock: Pick<Clock, 'now' | 'every'> = {
    now: () => now,
    every(_ms, task) {
      tick = task
      return () => {}
    },
  }
  const services: Pick<ServiceCommands, 'run'> = {
    run: async () => ({ exitCode: 0, stdout: down === null ? '' : `kept ${down}\n`, stderr: '' }),
  }
  settleWhatIsLeft({
    layout,
    current: () => clusterOf(cluster),
    services: services as ServiceCommands,
    log: { active: async () => active },
    recoveries: new FakeRecoveries(...recoveries),
    operations: {
      async submit(kind, input, actor) {
        asked.push({ kind, ...input, by: actor.name })
        return { operation: accepts ? operationRecord() : null, plan: null, refusals: [] }
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
      tick()
      await settled()
    },
  }
}

test('asks, at its start, for each recovery that nobody works on, and for no other', async () => {
  const { asked } = await started({
    recoveries: [
      ...Object.values(RecoveryStatus).map((status) => left(status)),
      recoveryRecord({ id: 'worked-on', status: RecoveryStatus.CUTTING_OVER, operationId: 'running' }),
    ],
    active: ['running'],
  })
  expect(asked.map(({ kind, recovery, by }) => `${kind} ${recovery} by ${by}`).sort()).toEqual(
    ['CUTTING_OVER', 'REPLAYING', 'RESTORING', 'VERIFYING'].map((each) => `settleRecovery r-${each} by howdah`),
  )
})

test('asks once a minute for what did not help, later every ten, with keys that all workers share', async () => {
  const recoveries = [left(RecoveryStatus.CUTTING_OVER)]
  const [one, other] = [await started({ recoveries }), await started({ recoveries })]
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

test('asks again at once after a refusal', async () => {
  const { asked, at } = await started({ recoveries: [left(RecoveryStatus.RESTORING)], accepts: false })
  await at('2026-11-22T16:00:10Z')
  expect(asked).toHaveLength(2)
})

const guarded = (by: string) => ({
  topology: seen(topologyOf({ configuration: { check_timeline: true, howdah_check_timeline: by } })),
})

test.each<[string, Parameters<typeof started>[0], string[]]>([
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
    { cluster: guarded('ended'), recoveries: [left(RecoveryStatus.CUTTING_OVER)] },
    ['settleRecovery'],
  ],
])('check_timeline is taken off: %s', async (_, given, expected) => {
  expect((await started(given)).kinds()).toEqual(expected)
})

const ENDED = '20261122T110000000-3f9a1c'
const silent = {
  nodes: [LEADER, nodeOf('db2', { patroni: away('connection refused') })],
  services: seen(['db1', 'db2'].map((name) => serviceOf(name))),
}

test.each<[string, Parameters<typeof started>[0], string[]]>([
  ['by an operation that has ended is started', { cluster: silent, down: ENDED }, ['startService']],
  ['by one that runs is left to it', { cluster: silent, down: ENDED, active: [ENDED] }, []],
  ['by a person stays down', { cluster: silent, down: '' }, []],
  ['by a person who says why stays down', { cluster: silent, down: 'disk replaced, leave down' }, []],
  ['by nobody is not for Howdah to start', { cluster: silent }, []],
])('a node that is kept down %s', async (_, given, expected) => {
  expect((await started(given)).kinds()).toEqual(expected)
})
