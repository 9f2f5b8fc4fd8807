import { beforeEach, describe, expect, test } from 'vitest'
import { PauseClusterInput } from '../../../../../src/operations/configuration/pause-cluster/pause-cluster.kind.ts'
import { waitForPause, writePause } from '../../../../../src/operations/configuration/pause-cluster/set-pause.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'
import { onTurn, says, silent } from '../../../../support/fakes/patroni-answers.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

describe('a pause', () => {
  const written = () => {
    cluster.configuration = { pause: true }
  }
  const input = new PauseClusterInput()

  test('is written again when another client wrote at the same moment', async () => {
    const answers = [says(409, 'conflict'), says(200, '', written)]
    const step = writePause(true)
    const context = cluster.context(input, { patchConfiguration: () => (answers.shift() ?? silent)() })
    expect(await step.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await step.run(context)
    expect(cluster.asked).toHaveLength(2)
    expect(await step.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('that got no answer and was done is not written again', async () => {
    const patchConfiguration = () => {
      written()
      return silent()
    }
    await writePause(true).run(cluster.context(input, { patchConfiguration }))
    expect(cluster.asked).toHaveLength(1)
  })

  test('that Patroni does not take fails with its words', async () => {
    const run = writePause(true).run(cluster.context(input, { patchConfiguration: says(503, 'no config key') }))
    const message = expect.stringContaining('no config key')
    await expect(run).rejects.toMatchObject({ code: 'CONFIGURATION_REFUSED', message })
  })

  test('is over when every member has noticed', async () => {
    cluster.onSleep = onTurn(3, () => {
      for (const name of ['db1', 'db2', 'db3']) cluster.noticed.add(name)
    })
    const step = waitForPause(true)
    const context = cluster.context(input, {})
    expect(await step.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await step.run(context)
    expect(await step.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('names who has not noticed in time, which is no failure', async () => {
    for (const name of ['db1', 'db2']) cluster.noticed.add(name)
    await waitForPause(true).run(cluster.context(input, {}))
    expect(cluster.lines.at(-1)).toContain('db3 not yet')
  })
})
