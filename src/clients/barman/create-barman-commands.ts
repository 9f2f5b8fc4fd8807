import { z } from 'zod'
import { KeepTarget } from '../../domain/backup/backup.ts'
import { HowdahError, NotFoundError, UnexpectedAnswerError } from '../../domain/errors.ts'
import type { Clock } from '../../shared/clock.ts'
import { createDetachedRuns } from '../agent/detached-runs.ts'
import { type ContainerAddress, nameOf } from '../docker/container-address.ts'
import { ContainerMissingError } from '../docker/container-errors.ts'
import type { DockerExec } from '../docker/docker-exec.ts'
import { optionalText, parseAnswer } from '../parse-answer.ts'
import { patiently } from '../retry-while-away.ts'
import type { BarmanCommands } from './barman-commands.ts'
import { parseBarmanOutput, resultOfServer } from './barman-output.ts'
import { parseListBackups, parseShowBackup } from './parse-backups.ts'
import { parseChecks } from './parse-server.ts'

/** `barman` ended with an exit code that says it did not do what it was asked. */
export class BarmanCommandError extends HowdahError {
  readonly code = 'BARMAN_COMMAND'
  constructor(
    readonly args: readonly string[],
    readonly exitCode: number,
    /** Barman's own sentences. */
    readonly output: string,
  ) {
    super(`barman ${args.join(' ')} ended with exit code ${exitCode}: ${output}`, { retryable: true })
  }
}

const pathsSchema = z.object({
  basebackups_directory: z.string(),
  incoming_wals_directory: z.string(),
  streaming_wals_directory: z.string(),
  errors_directory: z.string(),
  path_prefix: optionalText,
})
const keepSchema = z.object({ keep_status: z.object({ message: z.string() }) })

/** Barman's words of what it has put into the log of `switch-wal`. */
const CLOSED = /The WAL file ([0-9A-F]{24}) has been closed/
const NOTHING_TO_CLOSE = /No switch required/
const UNKNOWN_BACKUP = /Unknown backup/

/** One server's Barman, through commands in its container. */
export function createBarmanCommands(deps: {
  readonly docker: DockerExec
  readonly container: ContainerAddress
  readonly user: string
  readonly server: string
  readonly clock: Clock
}): BarmanCommands {
  const { docker, container, user, server, clock } = deps
  const wait = <T>(attempt: () => Promise<T>) => patiently(`Barman in ${nameOf(container)}`, clock, attempt)

  const exec = (argv: readonly string[], signal?: AbortSignal) =>
    docker.run({ container, user, argv, timeoutMs: null, ...(signal ? { signal } : {}) })

  const run = async (args: readonly string[], signal?: AbortSignal): Promise<string> => {
    const { exitCode, stdout, stderr } = await exec(['barman', '-f', 'json', ...args], signal)
    if (exitCode === 0) return stdout
    const said = saidIn(stdout, stderr)
    throw UNKNOWN_BACKUP.test(said) ? new NotFoundError(said) : new BarmanCommandError(args, exitCode, said)
  }

  const list = async () => parseListBackups(await run(['list-backups', server]), server)

  const statusOf = async (backupId: string) =>
    (await list()).find((backup) => backup.backupId === backupId)?.status ?? null

  return {
    runs: createDetachedRuns({ docker, container, user, clock }),
    async json(args, signal) {
      const stdout = await run(args, signal)
      return stdout.trim() === '' ? {} : (JSON.parse(stdout) as unknown)
    },
    backupStatus: (backupId) => wait(() => statusOf(backupId)),
    listBackups: () => wait(list),
    showBackup: (backupId) =>
      wait(async () => {
        try {
          return parseShowBackup(await run(['show-backup', server, backupId]), server)
        } catch (error) {
          // It is the backup that there is none of, not its container.
          if (error instanceof NotFoundError && !(error instanceof ContainerMissingError)) return null
          throw error
        }
      }),
    keepTarget: (backupId) =>
      wait(async () => {
        const answer = resultOfServer(await run(['keep', '--status', server, backupId]), server)
        const { message } = parseAnswer('Barman', keepSchema, answer).keep_status
        return Object.values(KeepTarget).find((target) => target.toLowerCase() === message) ?? null
      }),
    keep: (backupId, target) =>
      wait(async () => {
        const wanted = target === null ? ['--release'] : ['--target', target.toLowerCase()]
        await run(['keep', ...wanted, server, backupId])
      }),
    check: () =>
      wait(async () => {
        // It exits with 1 when a check fails: that is an answer as well.
        const { stdout, stderr, exitCode } = await exec(['barman', '-f', 'json', 'check', server])
        if (stdout.trim() === '') throw new BarmanCommandError(['check', server], exitCode, saidIn(stdout, stderr))
        return parseChecks(stdout, server)
      }),
    deleteBackup: (backupId) =>
      wait(async () => {
        // Asked again after an answer that was lost, Barman would know no such backup.
        if ((await statusOf(backupId)) === null) return
        await run(['delete', server, backupId])
      }),
    // Not repeated: each call closes a segment.
    async switchWal({ force }) {
      const { messages } = parseBarmanOutput(await run(['switch-wal', ...(force ? ['--force'] : []), server]))
      const said = [...messages.info, ...messages.warnings].join('; ')
      const closed = CLOSED.exec(said)?.[1] ?? null
      if (closed === null && !NOTHING_TO_CLOSE.test(said)) {
        throw new UnexpectedAnswerError('Barman', said || 'nothing about the segment that switch-wal closed')
      }
      return closed
    },
    archiveWals: (signal) =>
      wait(async () => {
        const { messages } = parseBarmanOutput(await run(['archive-wal', server], signal))
        return [...messages.info, ...messages.warnings]
      }),
    paths: () =>
      wait(async () => {
        const shown = parseAnswer('Barman', pathsSchema, resultOfServer(await run(['show-servers', server]), server))
        return {
          base: shown.basebackups_directory,
          incoming: shown.incoming_wals_directory,
          streaming: shown.streaming_wals_directory,
          errors: shown.errors_directory,
          programs: shown.path_prefix,
        }
      }),
    listFiles: (directories) =>
      wait(async () => {
        const found = ['find', ...directories, '-maxdepth', '1', '-type', 'f', '!', '-name', '.*', '-printf', '%f\\n']
        const { exitCode, stdout, stderr } = await exec(found)
        if (exitCode !== 0) throw new BarmanCommandError(found, exitCode, stderr.trim())
        return stdout
          .split('\n')
          .filter((name) => name !== '')
          .sort()
      }),
  }
}

/** What Barman said for people, without the dump of its own record that a refused deletion prints. */
function saidIn(stdout: string, stderr: string): string {
  try {
    const { messages } = parseBarmanOutput(stdout)
    const said = [...messages.warnings, ...messages.errors].join('; ').replace(/\(\S+ LocalBackupInfo\(.*\)\)/s, '')
    if (said !== '') return said.trim()
  } catch {
    // Not JSON: it did not get as far as that.
  }
  return (stderr || stdout).trim()
}
