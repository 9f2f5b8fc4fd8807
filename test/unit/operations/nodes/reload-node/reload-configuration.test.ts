import { beforeEach, describe, expect, test } from 'vitest'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { reloadConfiguration } from '../../../../../src/operations/nodes/reload-node/reload-configuration.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'
import { onTurn, says } from '../../../../support/fakes/patroni-answers.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

describe('a reload', () => {
  const reload = says(202, 'reload scheduled')

  test('ends when PostgreSQL has read its files since', async () => {
    cluster.onSleep = onTurn(5, () => {
      cluster.loadedAt = new Date(cluster.timeMs)
    })
    const context = cluster.context({ node: 'db2' }, { reload })
    expect(await reloadConfiguration.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await reloadConfiguration.run(context)
    expect(cluster.asked).toEqual(['reload db2'])
    expect(await reloadConfiguration.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('fails when it never does', async () => {
    const run = reloadConfiguration.run(cluster.context({ node: 'db2' }, { reload }))
    await expect(run).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})
