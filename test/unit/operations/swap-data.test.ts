import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import type { DcsCommands } from '../../../src/clients/patroni/patroni-keys-commands.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { StepOutcome } from '../../../src/operations/define-operation.ts'
import { swapData, takeBackKeys } from '../../../src/operations/recovery/cut-over/swap-data.ts'
import { fakeStepContext } from '../../support/fake-step-context.ts'
import { operationRecord } from '../../support/operations.ts'
import { installRecoveryProgram, runProgram } from '../../support/recovery-program.ts'

const HISTORY = '[[1,150994944,"before 2026"]]'
// Programs are started, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

let root = ''
let path = ''
let keys: Record<string, string>
let etcdAnswers = true

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'swap-'))
  path = await installRecoveryProgram(root)
  for (const [of, data] of [
    ['live', 'live'],
    ['copy', 'copy/data'],
  ] as const) {
    await mkdir(join(root, data, 'pg_tblspc'), { recursive: true })
    await writeFile(join(root, data, 'of'), of)
    await writeFile(join(root, data, 'PG_VERSION'), '17\n')
  }
  keys = { status: '{"optime":9}', history: '[]', config: '{}', initialize: '7' }
  etcdAnswers = true
  return () => rm(root, { recursive: true })
})

/** Which data lies where. */
async function lying(): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const place of ['live', 'copy', 'previous']) {
    const of = await readFile(join(root, place === 'live' ? 'live/of' : `${place}/data/of`), 'utf8').catch(() => null)
    if (of !== null) found[place] = of
  }
  return found
}
const BEFORE = { live: 'live', copy: 'copy' }
const SWAPPED = { live: 'copy', previous: 'live' }

/** As a cut-over leaves it between its two renames. */
async function putAside(): Promise<void> {
  await mkdir(join(root, 'previous'))
  await writeFile(join(root, 'previous/tablespaces.json'), '[]')
  await rename(join(root, 'live'), join(root, 'previous/data'))
}

/** The program itself, run on directories of this machine; etcd in memory. */
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
  const services = {
    run: (_: string, { argv }: { argv: readonly string[] }) => runProgram(argv, path),
  }
  const operation = operationRecord()
  const at = (name: string) => join(root, name)
  return fakeStepContext<unknown>({
    input: {},
    clients: { dcs, services } as unknown as Partial<ClusterClients>,
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
    expect(await lying()).toEqual(SWAPPED)
    // Patroni knows the timeline of the recovered data before a node leads, and elects none on an older one.
    const { config = '', ...others } = keys
    expect(JSON.parse(config)).toEqual({ check_timeline: true, howdah_check_timeline: context.operation.id })
    expect(others).toEqual({ history: HISTORY, initialize: '7' })
    expect(await swapData.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('goes on where a worker was lost between the two renames', async () => {
    const context = worldOf()
    await putAside()
    expect(await swapData.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await swapData.run(context)
    expect(await lying()).toEqual(SWAPPED)
    expect(await swapData.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('is undone, keys and all', async () => {
    const context = worldOf()
    const before = { ...keys }
    await swapData.run(context)
    await swapData.undo?.(context)
    expect(await lying()).toEqual(BEFORE)
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
    expect(await lying()).toEqual(BEFORE)
    expect(keys).not.toEqual(before)
    etcdAnswers = true
    await takeBackKeys(context)
    expect(keys).toEqual(before)
  })

  test('is taken back from the middle too', async () => {
    await putAside()
    await swapData.undo?.(worldOf())
    expect(await lying()).toEqual(BEFORE)
  })

  test('says so when etcd does not come back, and its undo puts the data back without it', async () => {
    const context = worldOf()
    etcdAnswers = false
    await expect(swapData.run(context)).rejects.toThrow(/Patroni's keys in etcd to be removed; .*no quorum/)
    await swapData.undo?.(context)
    expect(await lying()).toEqual(BEFORE)
  })

  test('touches nothing where directories are not as it left them', async () => {
    await rm(join(root, 'copy'), { recursive: true })
    await expect(swapData.run(worldOf())).rejects.toThrow(/no .*copy/)
    expect(await lying()).toEqual({ live: 'live' })
  })
})
