import { describe, expect, test } from 'vitest'
import type { SwapDirectories } from '../../../../../src/clients/agent/node-data.ts'
import {
  checkSwap,
  swapBack,
  swapDirectories,
  swapProgress,
} from '../../../../../src/operations/recovery/cut-over/swap-directories.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { FakeNodeData, refusal } from '../../../../support/fakes/fake-node-data.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const DIRECTORIES: SwapDirectories = { live: '/data/live', copy: '/data/copy', previous: '/data/previous' }
const [LIVE, COPY, PREVIOUS] = ['/data/live', '/data/copy/data', '/data/previous/data']

/** db2, where these data directories are; which node is asked is noted. */
function worldOf(...there: string[]) {
  const node = new FakeNodeData()
  for (const path of there) node.data.set(path, path)
  const asked = new Set<string>()
  const operation = operationRecord()
  const cutOver = { operation: operation.id, recovery: 'r1', server: 'patroni', node: 'db2', ...DIRECTORIES }
  const context = fakeStepContext<unknown>({
    input: {},
    operation,
    state: { cutOver },
    clients: {
      nodeData(service) {
        asked.add(service)
        return node
      },
    },
  })
  return { node, context, asked }
}

const UNEXPECTED = { code: 'UNEXPECTED_DIRECTORIES', remedy: expect.stringContaining('settleRecovery') }

describe('how far a swap came', () => {
  test.each([
    ['NOT_SWAPPED', [LIVE, COPY]],
    ['HALF', [COPY, PREVIOUS]],
    ['SWAPPED', [LIVE, PREVIOUS]],
    ['NO_COPY', [LIVE]],
  ])('%s', async (progress, there) => {
    const { context, asked } = worldOf(...there)
    expect(await swapProgress(context, DIRECTORIES)).toBe(progress)
    expect([...asked]).toEqual(['db2'])
  })

  test.each([[[]], [[LIVE, COPY, PREVIOUS]]])('%j is what no swap leaves, and is told', async (there) => {
    const { context } = worldOf(...there)
    await expect(swapProgress(context, DIRECTORIES)).rejects.toMatchObject({
      ...UNEXPECTED,
      message: expect.stringMatching(
        /^the data directories of db2 are not as a cut-over leaves them: .*live is .*there/,
      ),
    })
  })
})

describe('a swap', () => {
  test('goes there and back', async () => {
    const { context, node } = worldOf(LIVE, COPY)
    await checkSwap(context, DIRECTORIES)
    await swapDirectories(context, DIRECTORIES)
    expect([...node.data.keys()].sort()).toEqual([LIVE, PREVIOUS])
    await swapBack(context, DIRECTORIES)
    expect([...node.data.keys()].sort()).toEqual([COPY, LIVE])
  })

  test('without a copy moves nothing, and says what is missing', async () => {
    const { context, node } = worldOf(LIVE)
    await expect(swapDirectories(context, DIRECTORIES)).rejects.toMatchObject({
      ...UNEXPECTED,
      message: expect.stringContaining('no data in /data/copy'),
    })
    expect([...node.data.keys()]).toEqual([LIVE])
  })

  test.each([[[]], [[LIVE, COPY, PREVIOUS]]])('from %j is what no swap leads on from', async (there) => {
    const { context, node } = worldOf(...there)
    await expect(swapDirectories(context, DIRECTORIES)).rejects.toMatchObject(UNEXPECTED)
    await expect(swapBack(context, DIRECTORIES)).rejects.toMatchObject({ code: 'NODE_COMMAND_FAILED' })
    expect([...node.data.keys()]).toEqual(there)
  })

  test('that fails says so in the words of the program, with the data where it was', async () => {
    const { context, node } = worldOf(LIVE, COPY)
    node.swap = async () => {
      throw refusal('tablespace 103 is not in /ts')
    }
    await expect(swapDirectories(context, DIRECTORIES)).rejects.toMatchObject({
      code: 'NODE_COMMAND_FAILED',
      message: expect.stringContaining('tablespace 103 is not in /ts'),
    })
  })
})
