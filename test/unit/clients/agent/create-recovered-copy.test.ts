import { describe, expect, test } from 'vitest'
import { createRecoveredCopy } from '../../../../src/clients/agent/create-recovered-copy.ts'
import type { ExecRequest } from '../../../../src/clients/docker/docker-exec.ts'
import type { SandboxState } from '../../../../src/clients/docker/docker-sandboxes.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import { copyStatus } from '../../../support/fakes/fake-recovered-copy.ts'

const ROOT = '/var/lib/barman/recoveries/r1'
const STOPPED = copyStatus({ state: 'STOPPED', lastLines: ['FATAL:  of which start?'] })

/** A copy whose `howdah-recovery` and `howdah-run` give these answers in turn. */
function copyAnswering(sandbox: SandboxState, ...answers: object[]) {
  const asked: string[] = []
  const copy = createRecoveredCopy({
    docker: {
      async run({ container, argv }: ExecRequest) {
        asked.push(`${container}: ${argv.slice(0, 3).join(' ')}`)
        return { exitCode: 0, stdout: JSON.stringify(answers.shift() ?? {}), stderr: '' }
      },
    },
    sandboxes: { ensure: async () => {}, state: async () => sandbox, remove: async () => {} },
    container: 'barman',
    user: 'barman',
    root: ROOT,
    port: 5433,
    keepsWal: false,
    clock: systemClock,
  })
  return { copy, asked }
}
const runThat = (state: string) => ({ id: 'r1-serve', state, exitCode: null, outputBytes: 0, backupId: null })
const STATUS = `barman-r1: howdah-recovery status ${ROOT}`
const RUN = 'barman-r1: howdah-run status r1-serve'

describe('a PostgreSQL that is not there', () => {
  test('is still being started while its run lasts, and what the log says is not its own', async () => {
    const { copy, asked } = copyAnswering('RUNNING', STOPPED, runThat('RUNNING'))
    expect(await copy.status()).toEqual(copyStatus({ state: 'STARTING' }))
    expect(asked).toEqual([STATUS, RUN])
  })

  test.each(['EXITED', 'LOST', 'UNKNOWN'])(
    'has ended where its run is %s, and its last words are looked at then',
    async (state) => {
      const ended = copyStatus({ state: 'STOPPED', lastLines: ['FATAL:  its own'] })
      const { copy, asked } = copyAnswering('RUNNING', STOPPED, runThat(state), ended)
      expect(await copy.status()).toEqual(ended)
      expect(asked).toEqual([STATUS, RUN, STATUS])
    },
  )

  test.each(['STOPPED', 'ABSENT'] as const)('has ended where its sandbox is %s', async (sandbox) => {
    const { copy, asked } = copyAnswering(sandbox, STOPPED)
    expect(await copy.status()).toEqual(STOPPED)
    expect(asked).toEqual([`barman: howdah-recovery status ${ROOT}`])
  })

  test('is not asked about where it runs', async () => {
    const { copy, asked } = copyAnswering('RUNNING', copyStatus({ state: 'REPLAYING' }))
    expect(await copy.status()).toMatchObject({ state: 'REPLAYING' })
    expect(asked).toEqual([STATUS])
  })
})

describe('a stop', () => {
  test('ends its run too, so that the next start is one', async () => {
    const { copy, asked } = copyAnswering('RUNNING', {}, runThat('EXITED'), runThat('UNKNOWN'))
    await copy.stop()
    expect(asked).toEqual([
      `barman-r1: howdah-recovery stop ${ROOT}`,
      'barman-r1: howdah-run stop r1-serve',
      'barman-r1: howdah-run remove r1-serve',
    ])
  })

  test('of what has no sandbox is done already', async () => {
    const { copy, asked } = copyAnswering('ABSENT')
    await copy.stop()
    expect(asked).toEqual([])
  })
})
