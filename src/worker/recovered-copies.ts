import { randomBytes, scryptSync } from 'node:crypto'
import { z } from 'zod'
import type { DockerExec } from '../clients/docker/docker-exec.ts'
import { CheckStatus } from '../domain/backup.ts'
import { HowdahError } from '../domain/errors.ts'
import { formatLsn } from '../domain/lsn.ts'
import type { RecoveryTarget } from '../domain/recovery-target.ts'
import type { RecoveredCopy } from '../operations/clients/recovered-copy.ts'
import { CopyQueryError } from '../operations/steps/recovery-errors.ts'
import { runToItsEnd } from '../operations/steps/run-to-its-end.ts'
import type { Clock } from '../shared/clock.ts'
import { createDetachedRuns } from './detached-runs.ts'
import { patiently } from './patiently.ts'

/** `howdah-recovery` refused or failed; its own words. */
export class RecoveredCopyError extends HowdahError {
  readonly code = 'RECOVERED_COPY'
  constructor(
    readonly container: string,
    readonly exitCode: number,
    readonly output: string,
  ) {
    super(`howdah-recovery in ${container} ended with exit code ${exitCode}: ${output}`, {
      // It ends with 1 or 2 when it refuses. Anything else was done to it: the container was killed around it.
      retryable: exitCode !== 1 && exitCode !== 2,
    })
  }
}

const text = z.string().nullable()
const statusSchema = z.object({
  state: z.enum(['ABSENT', 'STOPPED', 'STARTING', 'REPLAYING', 'PAUSED', 'PROMOTED']),
  timeline: z.number().nullable(),
  lsn: text,
  reached: z.object({ time: text, lsn: text, xid: text }).nullable(),
  atEnd: z.boolean(),
  locks: z.number(),
  lastLines: z.array(z.string()),
})
const spaceSchema = z.object({ freeBytes: z.number(), usedBytes: z.number() })
const publishedSchema = z.object({ role: z.boolean() })
const rowsSchema = z.object({
  rows: z.array(z.array(text)),
  error: z.object({ sqlstate: text, message: z.string() }).nullable(),
})
const checksSchema = z.object({
  checks: z.array(z.object({ name: z.string(), status: z.enum(CheckStatus), message: text, hint: text })),
})

/** Long enough for a clean stop and for the removal of a large directory. */
const SLOW_MS = 900_000
/** What docker/base/howdah-recovery hashes with. */
const SCRYPT = { N: 1024, r: 8, p: 1 } as const

/** One recovered copy, through docker/base/howdah-recovery in its container. */
export function createRecoveredCopy(deps: {
  readonly docker: DockerExec
  readonly container: string
  /** Owner of the data. */
  readonly user: string
  readonly directory: string
  /** Port in the container. */
  readonly port: number
  /** Whether what it writes after its promotion waits for the cluster's own archive_command. */
  readonly keepsWal: boolean
  readonly clock: Clock
}): RecoveredCopy {
  const { docker, container, user, directory, port, keepsWal, clock } = deps
  const runs = createDetachedRuns({ docker, container, user, clock })
  const name = directory.slice(directory.lastIndexOf('/') + 1)
  const serveId = `${name}-serve`
  const verifyId = `${name}-verify`

  /** Every call can be repeated. */
  async function ask<T>(schema: z.ZodType<T>, command: string, argument: string, timeoutMs = 60_000): Promise<T> {
    const said = await patiently(`container ${container}`, clock, async () => {
      const argv = ['howdah-recovery', command, argument]
      const result = await docker.run({ container, user, argv, timeoutMs })
      if (result.exitCode !== 0)
        throw new RecoveredCopyError(container, result.exitCode, result.stderr || result.stdout)
      return result.stdout
    })
    return schema.parse(JSON.parse(said))
  }
  const nothing = z.object({})

  return {
    directory,
    runs,
    async prepare() {
      await ask(nothing, 'prepare', directory)
    },
    space: () => ask(spaceSchema, 'space', directory),
    status: () => ask(statusSchema, 'status', directory),
    async startReplay({ server, target, timeline, restoreMethod }) {
      const request = { directory, server, port, timeline, restoreMethod, keepsWal, target: settingOf(target) }
      const { state } = await runs.status(serveId)
      if (state === 'LOST') await runs.remove(serveId)
      await runs.start({ id: serveId, argv: ['howdah-recovery', 'serve', JSON.stringify(request)] })
    },
    async publish({ password, ...options }) {
      // The password itself is in no command line, and in no file of the copy's.
      const salt = randomBytes(16)
      const hash = scryptSync(password, salt, 32, SCRYPT)
      const request = { directory, port: options.port, salt: salt.toString('hex'), hash: hash.toString('hex') }
      return (await ask(publishedSchema, 'publish', JSON.stringify(request))).role
    },
    async verify(onLine, signal) {
      let last = ''
      const exitCode = await runToItsEnd(runs, signal, verifyId, ['howdah-recovery', 'verify', directory], (line) => {
        last = line
        if (!line.startsWith('{')) onLine(line)
      })
      if (exitCode !== 0)
        throw new RecoveredCopyError(container, exitCode ?? -1, last || 'it was lost with its container')
      return checksSchema.parse(JSON.parse(last)).checks
    },
    async query(database, sql, timeoutMs) {
      const request = JSON.stringify({ directory, database, sql, timeoutMs })
      const { rows, error } = await ask(rowsSchema, 'query', request, timeoutMs + 10_000)
      if (error !== null) throw new CopyQueryError(error.sqlstate, error.message)
      return rows
    },
    async promote() {
      await ask(nothing, 'promote', directory, SLOW_MS)
    },
    async stop() {
      await ask(nothing, 'stop', directory, SLOW_MS)
    },
    async remove() {
      for (const id of [verifyId, serveId]) await runs.stop(id, id === serveId ? 10 : 1)
      await ask(nothing, 'remove', directory, SLOW_MS)
      for (const id of [verifyId, serveId]) await runs.remove(id)
    },
  }
}

/** The target as PostgreSQL's parameter recovery_target_* takes it. */
export function settingOf(target: RecoveryTarget): { kind: string; value: string; inclusive: boolean } {
  switch (target.kind) {
    case 'TIME':
      return { kind: target.kind, value: timeSetting(target.time), inclusive: target.inclusive }
    case 'LSN':
      return { kind: target.kind, value: formatLsn(target.lsn), inclusive: target.inclusive }
    case 'XID':
      return { kind: target.kind, value: target.xid, inclusive: target.inclusive }
    case 'NAME':
      return { kind: target.kind, value: target.name, inclusive: true }
    case 'IMMEDIATE':
    case 'END':
      return { kind: target.kind, value: '', inclusive: true }
  }
}

/** PostgreSQL reads its command line before it knows any zone by a name, "Z" included: an offset it understands. */
function timeSetting(time: Date): string {
  return time.toISOString().replace('T', ' ').replace('Z', '+00')
}
