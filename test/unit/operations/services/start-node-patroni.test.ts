import { describe, expect, test } from 'vitest'
import { StepOutcome } from '../../../../src/operations/define-operation.ts'
import { startNodePatroni } from '../../../../src/operations/services/start-node-patroni.ts'
import { serviceStepContext } from '../../../support/fakes/fake-containers.ts'

describe('the Patroni of a node', () => {
  /** A container in which an operation has left Patroni down. */
  function keptDown(service: string) {
    const scripts: string[] = []
    const { context } = serviceStepContext({ service }, { containers: { db2: {}, haproxy: {} } })
    const isKept = () => !scripts.some((script) => script.includes('sv up'))
    const run = async (_: string, { argv }: { argv: readonly string[] }) => {
      scripts.push(argv[2] ?? '')
      return { exitCode: 0, stdout: isKept() ? 'no\n' : 'yes\n', stderr: '' }
    }
    Object.assign(context.clients.services, { run })
    return { context, scripts }
  }

  test('is started where it is kept down inside a running container, and is started then', async () => {
    const { context, scripts } = keptDown('db2')
    expect(startNodePatroni.applies?.(context)).toBe(true)
    expect(await startNodePatroni.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await startNodePatroni.run(context)
    expect(scripts.at(-1)).toMatch(/rm -f "\$1\/down".*sv up "\$1"/)
    expect(await startNodePatroni.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('is nothing that another service has', () => {
    expect(startNodePatroni.applies?.(keptDown('haproxy').context)).toBe(false)
  })
})
