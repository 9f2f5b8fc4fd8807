import { z } from 'zod'
import type { DockerExec, ExecResult } from '../clients/docker/docker-exec.ts'
import { HowdahError, UnreachableError } from '../domain/errors.ts'
import type { DetachedRuns } from '../operations/clients/barman-commands.ts'
import type { Clock } from '../shared/clock.ts'
import { patiently } from './patiently.ts'

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

/** Commands of one user in one container that outlive whoever started them; see docker/base/howdah-run. */
export function createDetachedRuns(deps: {
  readonly docker: DockerExec
  readonly container: string
  readonly user: string
  readonly clock: Clock
}): DetachedRuns {
  const { docker, container, user, clock } = deps

  /** Every call of howdah-run can be repeated. */
  function command(argv: readonly string[]): Promise<ExecResult> {
    return patiently(`container ${container}`, clock, async () => {
      const result = await docker.run({ container, user, argv: ['howdah-run', ...argv] })
      if (result.exitCode !== 0) throw new DetachedRunError(container, result.exitCode, result.stderr || result.stdout)
      return result
    })
  }

  async function statusAfter(...argv: string[]) {
    const { stdout } = await command(argv)
    return statusSchema.parse(JSON.parse(stdout))
  }

  return {
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
          await statusAfter('status', id)
        }
      }
    },
    stop: (id, graceSeconds) => statusAfter('stop', id, String(graceSeconds)),
    async remove(id) {
      await command(['remove', id])
    },
  }
}
