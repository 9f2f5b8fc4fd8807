import { describe, expect, test } from 'vitest'
import type { ClusterClients } from '../../../../../src/clients/cluster-clients.ts'
import { type OperationRecord, OperationStatus } from '../../../../../src/domain/operation/operation.ts'
import { RecoveryMode, type RecoveryRecord, RecoveryStatus } from '../../../../../src/domain/recovery/recovery.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import settleRecovery from '../../../../../src/operations/recovery/settle-recovery/settle-recovery.kind.ts'
import { Course, courseOf } from '../../../../../src/operations/recovery/settle-recovery/take-up-recovery.ts'
import { clusterOf, nodeOf, patroniStatus, postgresStatus } from '../../../../support/builders/cluster.ts'
import { seen } from '../../../../support/builders/observed.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'
import { controlData, FakeNodeData, refusal, STOPPED } from '../../../../support/fakes/fake-node-data.ts'
import { FakeRecoveredCopy } from '../../../../support/fakes/fake-recovered-copy.ts'
import { FakeRecoveries } from '../../../../support/fakes/fake-recoveries.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const ENDED = 'ended-operation'
const previous = { node: 'db2', directory: '/data/previous', timeline: 1, endLsn: '0/9000000', bytes: 1e6 }
const ended = { timeline: 1, lsn: '0/C000000', lastWal: '00000001000000000000000B' }

const at = (name: string) => `/data/${name}`
/** Out of service it lies in a root of its own. */
const dataAt = (name: string) => at(name === 'live' ? name : `${name}/data`)

/** How an operation left db2, where it was cutting over to recovered data on timeline 2; db1 led before. */
interface Left {
  /** Directories, each with what it is of. */
  directories: Readonly<Record<string, string>>
  kept?: Readonly<Record<string, unknown>>
  /** Who leads by now. */
  leader?: string | null
  /** Of the data in db2's place. */
  timeline?: number
  record?: Partial<RecoveryRecord>
  /** The operation's record is gone. */
  lost?: boolean
}

/** db1 leads with what it had; db2 with recovered data that has led. */
class World {
  leader: string | null
  readonly did: string[] = []
  readonly db1 = this.node('db1')
  readonly db2 = this.node('db2')
  readonly nodes: Readonly<Record<string, FakeNodeData>> = { db1: this.db1, db2: this.db2 }

  constructor({ directories, leader = null, timeline = 2 }: Left) {
    this.leader = leader
    for (const [name, of] of Object.entries(directories)) this.db2.data.set(dataAt(name), of)
    this.db2.control = controlData({ timeline })
  }

  /** Whose data is in db2's place. */
  get live(): string | null {
    return this.db2.data.get(at('live')) ?? null
  }

  get names(): string[] {
    return [...this.db2.data.keys()].map((path) => path.split('/')[2] ?? '').sort()
  }

  private node(service: string): FakeNodeData {
    const node = new FakeNodeData()
    node.live = at('live')
    node.stops = () => {
      this.did.push(`stop ${service}`)
      return STOPPED
    }
    node.starts = () => {
      this.did.push(`start ${service}`)
      const leads = service === 'db1' ? this.live !== 'copy' : this.live === 'copy'
      if (this.leader === null && leads) this.leader = service
      return 'STARTED'
    }
    return node
  }
}

async function settle(left: Left, world = new World(left)) {
  const { kept = {}, record = {}, lost = false } = left
  const { did } = world
  const recoveries = new FakeRecoveries(
    recoveryRecord({
      id: 'r1',
      mode: RecoveryMode.IN_PLACE,
      status: RecoveryStatus.CUTTING_OVER,
      node: 'db2',
      service: 'db2',
      directory: at('copy'),
      operationId: ENDED,
      ...record,
    }),
  )
  const services = {
    inspect: async () => ({ status: 'running' }),
    // Over its socket no PostgreSQL answers.
    run: async () => ({ exitCode: 2, stdout: '', stderr: 'no socket' }),
  }
  const keys: Record<string, string> = { config: '{}', history: '[]' }
  const dcs = {
    read: async (key: string) => {
      const value = key === 'leader' ? world.leader : (keys[key] ?? null)
      return value === null ? null : { value, modRevision: value }
    },
    writeIf: async (key: string, value: string) => {
      keys[key] = value
      return true
    },
    change: async ({ put = {} }: { put?: Readonly<Record<string, string>> }) => {
      did.push(`put ${Object.keys(put).join()}`)
      Object.assign(keys, put)
      return true
    },
  }
  const copy = new FakeRecoveredCopy()
  const runs = { stop: async () => {}, remove: async () => {} }
  const clients = {
    services,
    nodeData: (service: string) => world.nodes[service],
    dcs,
    recoveredCopy: (service: string, directory: string) => copy.at(service, directory),
    barman: () => ({ runs }),
    refreshNode: async () => {},
    refreshChecks: async () => {},
  }
  const cutOver = {
    operation: ENDED,
    recovery: 'r1',
    server: 'patroni',
    node: 'db2',
    live: at('live'),
    copy: record.previous ? record.previous.directory : at('copy'),
    previous: at('previous'),
    copyTimeline: 2,
    leader: 'db1',
    nodes: ['db1', 'db2'],
    ended,
    keys: { status: '{}', history: '[]' },
    ...kept,
  }
  const before: OperationRecord = operationRecord({
    id: ENDED,
    status: OperationStatus.INTERRUPTED,
    state: { cutOver },
  })
  const operation = operationRecord()
  const leads = (name: string) => name === world.leader
  const nodes = ['db1', 'db2'].map((name) =>
    nodeOf(name, {
      patroni: seen(patroniStatus({ timeline: 3 })),
      postgres: seen(postgresStatus({ inRecovery: !leads(name) })),
    }),
  )
  const context = {
    ...fakeStepContext({
      input: { recovery: 'r1' },
      clients: clients as unknown as Partial<ClusterClients>,
      operation,
      recoveries,
      cluster: clusterOf({ nodes }),
    }),
    findOperation: async () => (lost ? null : before),
  }
  for (const step of settleRecovery.steps) {
    if (['rejoin-replicas', 'resume-archive'].includes(step.name)) {
      if (courseOf(context) === Course.FORWARD) did.push(step.name)
      continue
    }
    if ((await step.isDone?.(context as never)) === StepOutcome.DONE) continue
    Object.assign(context.kept, (await step.run(context as never)) ?? {})
  }
  const { names, live } = world
  return {
    did,
    names,
    live,
    copy: copy.done,
    recovery: recoveries.records.get('r1'),
    leader: world.leader,
    keys,
    messages: context.messages,
  }
}

describe('a cut-over that was left', () => {
  const BACK = { status: RecoveryStatus.FAILED }
  const cases: [string, Left, { live: string; leader: string }][] = [
    [
      'in promote-copy',
      {
        directories: { live: 'old', copy: 'copy' },
        leader: 'db1',
        kept: { leader: undefined, nodes: undefined, ended: undefined },
      },
      { live: 'old', leader: 'db1' },
    ],
    [
      'in stop-cluster, with every node down',
      { directories: { live: 'old', copy: 'copy' }, kept: { ended: undefined } },
      { live: 'old', leader: 'db1' },
    ],
    [
      'in swap-data, between its two renames',
      { directories: { copy: 'copy', previous: 'old' } },
      { live: 'old', leader: 'db1' },
    ],
    [
      'after swap-data, before its node led',
      { directories: { live: 'copy', previous: 'old' } },
      { live: 'old', leader: 'db1' },
    ],
    ['half rolled back, with the copy gone', { directories: { live: 'old' } }, { live: 'old', leader: 'db1' }],
  ]
  test.each(cases)('%s is rolled back', async (_, left, expected) => {
    const { live, leader, recovery, copy, did } = await settle(left)
    expect({ live, leader }).toEqual(expected)
    expect(recovery).toMatchObject(BACK)
    expect(copy).toContain('remove')
    if (left.leader !== 'db1') expect(did.filter((each) => each.startsWith('start'))).toContain('start db2')
  })

  test('and rolled back by hand since keeps the keys that the leader has written', async () => {
    const { did, recovery, leader } = await settle({ directories: { live: 'old', copy: 'copy' }, leader: 'db1' })
    expect(did).toEqual(['start db1', 'start db2'])
    expect(leader).toBe('db1')
    expect(recovery).toMatchObject(BACK)
  })

  const forward: [string, Left][] = [
    ['leads', { directories: { live: 'copy', previous: 'old' }, leader: 'db2' }],
    ['has led, and is down', { directories: { live: 'copy', previous: 'old' }, timeline: 3 }],
    [
      'is not known to have led, the operation being lost',
      { directories: { live: 'copy', [`live.previous-${ENDED}`]: 'old' }, lost: true },
    ],
  ]
  test.each(forward)('whose node %s is completed, and nothing is stopped', async (_, left) => {
    const { live, leader, recovery, did } = await settle(left)
    expect({ live, leader }).toEqual({ live: 'copy', leader: 'db2' })
    expect(did.filter((each) => each.startsWith('stop'))).toEqual([])
    expect(did).toEqual(expect.arrayContaining(['start db2', 'rejoin-replicas', 'resume-archive']))
    expect(recovery).toMatchObject({
      status: RecoveryStatus.COMPLETED,
      cutOverAt: expect.any(String),
      previous: { node: 'db2', directory: expect.stringContaining('previous'), endLsn: '0/C000000' },
    })
  })
})

test('a cut over is completed though the size of what was given up cannot be told', async () => {
  const left: Left = { directories: { live: 'copy', previous: 'old' }, leader: 'db2' }
  const world = new World(left)
  world.db2.bytes = refusal('du failed')
  const { recovery, messages } = await settle(left, world)
  expect(recovery).toMatchObject({ status: RecoveryStatus.COMPLETED, previous: { bytes: null } })
  expect(messages.join('\n')).toMatch(/How large it is could not be measured: .*du failed/)
  expect((await settle(left)).recovery).toMatchObject({ previous: { bytes: 1e6 } })
})

describe('an undo that was left', () => {
  const record = () => ({ previous: { ...previous, directory: at('copy') } })

  test('before its node led is rolled back, and can be asked for again', async () => {
    const { live, recovery, names, leader } = await settle({
      directories: { live: 'copy', previous: 'recovered' },
      record: record(),
    })
    expect({ live, leader, names }).toEqual({ live: 'recovered', leader: 'db1', names: ['copy', 'live'] })
    expect(recovery).toMatchObject({ status: RecoveryStatus.COMPLETED, previous: { directory: at('copy') } })
  })

  test('whose directories are as no swap leaves them is left as it is, and nothing is moved', async () => {
    const directories = { live: 'recovered', copy: 'before', previous: 'x' }
    const world = new World({ directories })
    await expect(settle({ directories, record: record() }, world)).rejects.toMatchObject({
      code: 'UNEXPECTED_DIRECTORIES',
      remedy: expect.stringContaining('settleRecovery'),
    })
    expect(world.names).toEqual(['copy', 'live', 'previous'])
  })

  test('with nothing swapped leaves its previous data where it is', async () => {
    const { live, recovery, copy } = await settle({
      directories: { live: 'recovered', copy: 'before' },
      leader: 'db1',
      record: record(),
    })
    expect(live).toBe('recovered')
    expect(copy).toEqual([`open ${at('copy')} on db2`, 'close'])
    expect(recovery).toMatchObject({ status: RecoveryStatus.COMPLETED, previous: { directory: at('copy') } })
  })

  test('whose node leads is UNDONE, with what it gave up kept', async () => {
    const { recovery, did } = await settle({
      directories: { live: 'copy', previous: 'recovered' },
      leader: 'db2',
      record: record(),
    })
    expect(did.filter((each) => each.startsWith('stop'))).toEqual([])
    expect(recovery).toMatchObject({ status: RecoveryStatus.UNDONE, previous: { directory: at('previous') } })
  })
})

describe('a recovery that was left before it was READY', () => {
  test.each(['RESTORING', 'REPLAYING', 'VERIFYING'] as const)('%s is removed, and has failed', async (status) => {
    const { recovery, copy, did } = await settle({ directories: {}, record: { status: RecoveryStatus[status] } })
    expect(copy).toContain('remove')
    expect(did).toEqual([])
    expect(recovery?.status).toBe(RecoveryStatus.FAILED)
  })

  test.each(['READY', 'COMPLETED', 'FAILED', 'DISCARDED', 'UNDONE'] as const)('%s is left as it is', async (status) => {
    const { recovery, copy, did } = await settle({ directories: {}, record: { status: RecoveryStatus[status] } })
    expect([copy, did]).toEqual([[], []])
    expect(recovery?.status).toBe(RecoveryStatus[status])
    expect(recovery?.operationId).toBe(ENDED)
  })
})
