import { describe, expect, test } from 'vitest'
import reloadNode, { ReloadNodeInput } from '../../../../../src/operations/nodes/reload-node/reload-node.kind.ts'
import { nodeOf } from '../../../../support/builders/cluster.ts'
import { away } from '../../../../support/builders/observed.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

const unreachable = { nodes: [nodeOf('db1', { patroni: away() })] }

describe('reloadNode', () => {
  test('is refused for a node that is not there or does not answer', async () => {
    const codes = async (node: string, changes = {}) =>
      (await reloadNode.check(planContext(new ReloadNodeInput(), { node }, changes))).map(({ code }) => code)
    expect(await codes('db2')).toEqual([])
    expect(await codes('db9')).toEqual(['UNKNOWN_NODE'])
    expect(await codes('db1', unreachable)).toEqual(['NODE_UNREACHABLE'])
  })

  test('claims nothing, and needs no quorum', () => {
    expect(reloadNode.claims).toBeUndefined()
    expect(reloadNode.fenced).toBe(false)
  })
})
