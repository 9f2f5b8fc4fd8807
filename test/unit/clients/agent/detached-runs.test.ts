import { describe, expect, test } from 'vitest'
import { createDetachedRuns } from '../../../../src/clients/agent/detached-runs.ts'
import type { ExecResult } from '../../../../src/clients/docker/docker-exec.ts'
import { UnreachableError } from '../../../../src/domain/errors.ts'
import { systemClock } from '../../../../src/shared/clock.ts'

const STATUS = { id: 'op', state: 'LOST', exitCode: null, outputBytes: 7, backupId: '20261122T100000' }
const ended = (exitCode: number, stdout = ''): ExecResult => ({ exitCode, stdout, stderr: '' })

/** howdah-run behind a Docker that gives these answers in turn. */
function runsAnswering(...answers: (ExecResult | Error)[]) {
  const asked: (readonly string[])[] = []
  const docker = {
    run: async ({ argv }: { argv: readonly string[] }) => {
      asked.push(argv)
      const answer = answers.shift()
      if (answer === undefined) throw new Error('asked too often')
      if (answer instanceof Error) throw answer
      return answer
    },
  }
  return { asked, runs: createDetachedRuns({ docker, container: 'barman', user: 'barman', clock: systemClock }) }
}

describe('a detached run', () => {
  test('is asked for again when its container was killed around the question, or is away', async () => {
    const away = new UnreachableError('Docker barman', 'not running')
    const { asked, runs } = runsAnswering(ended(137), away, ended(0, JSON.stringify(STATUS)))
    expect(await runs.status('op')).toMatchObject({ state: 'LOST', backupId: '20261122T100000' })
    expect(asked).toHaveLength(3)
  })

  test('is not asked for again when howdah-run refuses', async () => {
    const { asked, runs } = runsAnswering(ended(1, 'an id is ...'))
    await expect(runs.remove('..')).rejects.toMatchObject({ code: 'DETACHED_RUN', retryable: false })
    expect(asked).toHaveLength(1)
  })

  test('hands arguments on one by one', async () => {
    const { asked, runs } = runsAnswering(ended(0, JSON.stringify(STATUS)))
    await runs.start({ id: 'op', argv: ['barman', 'backup', '--name', 'a b; c'], env: { A: 'b c' } })
    expect(asked[0]).toEqual([
      'howdah-run',
      'start',
      'op',
      '--env',
      'A=b c',
      '--',
      'barman',
      'backup',
      '--name',
      'a b; c',
    ])
  })
})
