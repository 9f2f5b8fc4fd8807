import { describe, expect, test } from 'vitest'
import { createDetachedRuns } from '../../../../src/clients/agent/detached-runs.ts'
import { ContainerAwayError, ContainerConflictError } from '../../../../src/clients/docker/container-errors.ts'
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

  /** Time passes only while it is slept. */
  function idleClock() {
    let elapsedMs = 0
    const sleep = async (ms: number) => {
      elapsedMs += ms
    }
    return { ...systemClock, elapsedMs: () => elapsedMs, sleep }
  }
  /** Followed, in a container that answers with these errors for so long, and then with what it is asked. */
  async function followThrough(error: Error, untilMs: number) {
    const clock = idleClock()
    const verbs: string[] = []
    const docker = {
      run: async ({ argv }: { argv: readonly string[] }) => {
        verbs.push(argv[1] ?? argv[0] ?? '')
        if (clock.elapsedMs() < untilMs) throw error
        return ended(0, JSON.stringify({ ...STATUS, state: 'EXITED', exitCode: 0 }))
      },
    }
    const runs = createDetachedRuns({ docker, container: 'barman', user: 'barman', clock })
    const signal = new AbortController().signal
    await runs.follow('op', 0, () => {}, signal)
    return verbs
  }

  test('is followed on after a host was away for minutes, and given up after ten', async () => {
    const silent = new UnreachableError('Docker', 'no sign of life')
    expect((await followThrough(silent, 5 * 60_000)).slice(-3)).toEqual(['true', 'status', 'follow'])
    await expect(followThrough(silent, 11 * 60_000)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('is given up sooner where the engine answers that the container does not run', async () => {
    const stopped = new ContainerAwayError(new ContainerConflictError('barman', 'Container c is not running'))
    expect((await followThrough(stopped, 30_000)).at(-1)).toBe('follow')
    await expect(followThrough(stopped, 2 * 60_000)).rejects.toMatchObject({ code: 'TIMEOUT' })
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
