import { z } from 'zod'
import { HowdahError, UnreachableError, WaitTimeoutError } from '../../domain/errors.ts'
import type { Clock } from '../../shared/clock.ts'
import { retryUntil } from '../../shared/retry.ts'
import { type ContainerAddress, nameOf } from '../docker/container-address.ts'
import { ContainerAwayError } from '../docker/container-errors.ts'
import type { DockerExec, ExecResult } from '../docker/docker-exec.ts'
import { patiently } from '../retry-while-away.ts'

/** How a detached run in a container stands: see docker/agent/howdah/runs.py. */
export interface DetachedRunStatus {
  readonly state: 'RUNNING' | 'EXITED' | 'LOST' | 'UNKNOWN'
  readonly exitCode: number | null
  readonly outputBytes: number
  /** Barman's id of the backup that the run makes; null for other runs and until Barman has named it. */
  readonly backupId: string | null
}

/**
 * Commands in a container that outlive the worker that started them: one that takes over follows the same run instead of
 * starting a second one. All calls are idempotent.
 */
export interface DetachedRuns {
  /** Starts `argv`, or finds it started already under this id. */
  start(request: {
    id: string
    argv: readonly string[]
    env?: Readonly<Record<string, string>>
  }): Promise<DetachedRunStatus>
  status(id: string): Promise<DetachedRunStatus>
  /** Calls back with each line of output from the byte offset on, until the run ends or the signal is aborted. */
  follow(
    id: string,
    offset: number,
    onLine: (line: string, nextOffset: number) => void,
    signal: AbortSignal,
  ): Promise<void>
  /**
   * Starts a run, or finds the one that an earlier attempt had begun, and reads all that it says, to its end. Answers the
   * exit code; null when the run was lost. Aborting stops the reading, not the run.
   */
  runToItsEnd(
    request: { id: string; argv: readonly string[] },
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<number | null>
  /** Ends the whole process group: TERM, after the grace KILL; resolves when nothing of it is left. */
  stop(id: string, graceSeconds: number): Promise<DetachedRunStatus>
  remove(id: string): Promise<void>
}

/** `howdah-run` refused or failed; its own words. */
export class DetachedRunError extends HowdahError {
  readonly code = 'DETACHED_RUN'
  constructor(
    readonly container: string,
    readonly exitCode: number,
    readonly output: string,
  ) {
    super(`howdah-run in ${container} ended with exit code ${exitCode}: ${output}`, {
      // It ends with 1 or 2 when it refuses. Anything else was done to it: the container was killed around it.
      retryable: exitCode !== 1 && exitCode !== 2,
    })
  }
}

/** One JSON line of `howdah-run status`. */
const statusSchema = z.object({
  state: z.enum(['RUNNING', 'EXITED', 'LOST', 'UNKNOWN']),
  exitCode: z.number().nullable(),
  outputBytes: z.number(),
  backupId: z.string().nullable(),
})

/** A host that has lost its power or its network is back in minutes; what runs there detached may have gone on. */
const HOST_AWAY_MS = 600_000

/** {@link DetachedRuns.runToItsEnd}, of the calls that it is made of. */
export async function runToItsEnd(
  runs: Pick<DetachedRuns, 'status' | 'start' | 'follow' | 'remove'>,
  { id, argv }: { readonly id: string; readonly argv: readonly string[] },
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<number | null> {
  // One that was lost with its container is begun again.
  if ((await runs.status(id)).state === 'LOST') await runs.remove(id)
  await runs.start({ id, argv })
  await runs.follow(id, 0, onLine, signal)
  signal.throwIfAborted()
  return (await runs.status(id)).exitCode
}

/** Commands of one user in one container that outlive the worker that started them; see docker/agent/howdah/runs.py. */
export function createDetachedRuns(deps: {
  readonly docker: DockerExec
  readonly container: ContainerAddress
  readonly user: string
  readonly clock: Clock
}): DetachedRuns {
  const { docker, container, user, clock } = deps

  /** Every call of howdah-run can be repeated. */
  function command(argv: readonly string[]): Promise<ExecResult> {
    return patiently(`container ${nameOf(container)}`, clock, async () => {
      const result = await docker.run({ container, user, argv: ['howdah-run', ...argv] })
      if (result.exitCode !== 0)
        throw new DetachedRunError(nameOf(container), result.exitCode, result.stderr || result.stdout)
      return result
    })
  }

  /** Whatever it answers: that its container is not there, or does not run, is the next question's matter. */
  async function untilEngineAnswers(signal: AbortSignal): Promise<void> {
    const answers = async () => {
      try {
        await docker.run({ container, user, argv: ['true'], signal })
        return true
      } catch (error) {
        return !(error instanceof UnreachableError) || error instanceof ContainerAwayError
      }
    }
    const onTimeout = ({ waitedMs }: { readonly waitedMs: number }) =>
      new WaitTimeoutError(`Docker, which runs ${nameOf(container)}`, 'no answer', waitedMs)
    const until = (answered: boolean) => answered
    await retryUntil({ attempt: answers, until, onTimeout, timeoutMs: HOST_AWAY_MS, intervalMs: 1_000, clock, signal })
  }

  async function statusAfter(...argv: string[]) {
    const { stdout } = await command(argv)
    return statusSchema.parse(JSON.parse(stdout))
  }

  const runs: DetachedRuns = {
    start: ({ id, argv, env = {} }) => {
      const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`])
      return statusAfter('start', id, ...variables, '--', ...argv)
    },
    status: (id) => statusAfter('status', id),
    async follow(id, offset, onLine, signal) {
      let position = offset
      const tell = (line: string, stream: string) => {
        if (stream !== 'stdout') return
        position += Buffer.byteLength(line) + 1
        onLine(line, position)
      }
      const follow = () => {
        const argv = ['howdah-run', 'follow', id, String(position)]
        return docker.run({ container, user, argv, onLine: tell, timeoutMs: null, signal })
      }
      for (;;) {
        try {
          await follow()
          return
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof UnreachableError)) throw error
          // The stream broke, not the run: it is followed on from where it broke, once the container answers again.
          await untilEngineAnswers(signal)
          await statusAfter('status', id)
        }
      }
    },
    runToItsEnd: (...asked) => runToItsEnd(runs, ...asked),
    stop: (id, graceSeconds) => statusAfter('stop', id, String(graceSeconds)),
    async remove(id) {
      await command(['remove', id])
    },
  }
  return runs
}
