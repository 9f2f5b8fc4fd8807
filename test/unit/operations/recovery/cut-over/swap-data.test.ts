import { beforeEach, describe, expect, test } from 'vitest'
import type { DcsCommands } from '../../../../../src/clients/patroni/patroni-keys-commands.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { swapData, takeBackKeys } from '../../../../../src/operations/recovery/cut-over/swap-data.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { FakeNodeData } from '../../../../support/fakes/fake-node-data.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const HISTORY = '[[1,150994944,"before 2026"]]'
let node: FakeNodeData
let keys: Record<string, string>
let etcdAnswers = true

beforeEach(() => {
  node = new FakeNodeData()
  node.data.set('/data/live', 'live').set('/data/copy/data', 'copy')
  keys = { status: '{"optime":9}', history: '[]', config: '{}', initialize: '7' }
  etcdAnswers = true
})

/** Which data lies where. */
function lying(): Record<string, string> {
  return Object.fromEntries([...node.data].map(([path, of]) => [path.split('/')[2], of]))
}
const BEFORE = { live: 'live', copy: 'copy' }
const SWAPPED = { live: 'copy', previous: 'live' }

/** As a cut-over leaves it between its two renames. */
function putAside(): void {
  node.data.delete('/data/live')
  node.data.set('/data/previous/data', 'live')
}

/** A node, and etcd, in memory. */
function worldOf() {
  const dcs: DcsCommands = {
    async read(key) {
      if (!etcdAnswers) throw new UnreachableError('etcd', 'no quorum')
      const value = keys[key]
      return value === undefined ? null : { value, modRevision: value }
    },
    async writeIf(key, value, unchanged) {
      if (Object.entries(unchanged).some(([each, entry]) => keys[each] !== entry?.value)) return false
      keys[key] = value ?? ''
      return true
    },
    async change({ put = {}, remove = [], unchanged = {} }) {
      if (!etcdAnswers) throw new UnreachableError('etcd', 'no quorum')
      if (Object.entries(unchanged).some(([key, entry]) => keys[key] !== entry?.value)) return false
      for (const key of remove) delete keys[key]
      Object.assign(keys, put)
      return true
    },
  }
  const operation = operationRecord()
  const at = (name: string) => `/data/${name}`
  return fakeStepContext<unknown>({
    input: {},
    clients: { dcs, nodeData: () => node },
    operation,
    state: {
      cutOver: {
        operation: operation.id,
        recovery: 'r1',
        server: 'patroni',
        node: 'db2',
        live: at('live'),
        copy: at('copy'),
        previous: at('previous'),
        copyTimeline: 2,
        history: HISTORY,
        ended: { timeline: 1, lsn: '0/C000000', lastWal: '00000001000000000000000B' },
      },
    },
  })
}

describe('the swap', () => {
  test('renames, removes what belongs to the history that is left, and knows that it is done', async () => {
    const context = worldOf()
    expect(await swapData.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await swapData.run(context)
    expect(lying()).toEqual(SWAPPED)
    // Patroni knows the timeline of the recovered data before a node leads, and elects none on an older one.
    const { config = '', ...others } = keys
    expect(JSON.parse(config)).toEqual({ check_timeline: true, howdah_check_timeline: context.operation.id })
    expect(others).toEqual({ history: HISTORY, initialize: '7' })
    expect(await swapData.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('goes on where a worker was lost between the two renames', async () => {
    const context = worldOf()
    putAside()
    expect(await swapData.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await swapData.run(context)
    expect(lying()).toEqual(SWAPPED)
    expect(await swapData.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('is undone, keys and all', async () => {
    const context = worldOf()
    const before = { ...keys }
    await swapData.run(context)
    await swapData.undo?.(context)
    expect(lying()).toEqual(BEFORE)
    expect(keys).toEqual(before)
  })

  test('leaves a cluster that checks timelines by itself as it is', async () => {
    const context = worldOf()
    keys['config'] = '{"ttl":30,"check_timeline":true}'
    const before = { ...keys }
    await swapData.run(context)
    expect(keys['config']).toBe(before['config'])
    await swapData.undo?.(context)
    expect(keys).toEqual(before)
  })

  test('leaves its keys where etcd is away when it is undone, and takes them back once it is there', async () => {
    const context = worldOf()
    const before = { ...keys }
    await swapData.run(context)
    etcdAnswers = false
    await swapData.undo?.(context)
    expect(lying()).toEqual(BEFORE)
    expect(keys).not.toEqual(before)
    etcdAnswers = true
    await takeBackKeys(context)
    expect(keys).toEqual(before)
  })

  test('is taken back from the middle too', async () => {
    putAside()
    await swapData.undo?.(worldOf())
    expect(lying()).toEqual(BEFORE)
  })

  test('says so when etcd does not come back, and its undo puts the data back without it', async () => {
    const context = worldOf()
    etcdAnswers = false
    await expect(swapData.run(context)).rejects.toThrow(/Patroni's keys in etcd to be removed; .*no quorum/)
    await swapData.undo?.(context)
    expect(lying()).toEqual(BEFORE)
  })

  test('touches nothing where directories are not as it left them', async () => {
    node.data.delete('/data/copy/data')
    await expect(swapData.run(worldOf())).rejects.toThrow(/no .*copy/)
    expect(lying()).toEqual({ live: 'live' })
  })
})
