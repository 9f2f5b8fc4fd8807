import { randomBytes, scryptSync } from 'node:crypto'
import type { z } from 'zod'
import { HowdahError } from '../../domain/errors.ts'
import { CopyQueryError } from '../../domain/recovery/copy-query-error.ts'
import { formatLsn } from '../../domain/wal/lsn.ts'
import type { Clock } from '../../shared/clock.ts'
import { type ContainerAddress, nameOf } from '../docker/container-address.ts'
import type { DockerExec } from '../docker/docker-exec.ts'
import type { DockerSandboxes } from '../docker/docker-sandboxes.ts'
import { patiently } from '../retry-while-away.ts'
import { createDetachedRuns, type DetachedRuns } from './detached-runs.ts'
import type { CopyStatus, RecoveredCopy, ReplayRequest, ReplayWants } from './recovered-copy.ts'
import {
  checksSchema,
  nothingSchema,
  proofSchema,
  publishedSchema,
  rolesSchema,
  rowsSchema,
  spaceSchema,
  statusSchema,
} from './recovered-copy-answers.ts'
import { settingOf } from './target-setting.ts'

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

const WANTS_NOTHING: ReplayWants = { settings: {}, tablespace: null }
/** Long enough for a clean stop and for the removal of a large directory. */
const SLOW_MS = 900_000
/** Some segments of WAL are fetched and read for it. */
const PROVE_MS = 300_000
const GRACE_SECONDS = 1
/** What docker/agent/howdah/recovery/reading.py hashes with. */
const SCRYPT = { N: 1024, r: 8, p: 1 } as const

/** Where PostgreSQL's own data lies in a copy's root. */
function dataOf(root: string): string {
  return `${root}/data`
}

/** One recovered copy: its sandbox, and what works for it in the container that it belongs to. See docker/agent/howdah/recovery. */
export function createRecoveredCopy(deps: {
  readonly docker: DockerExec
  readonly sandboxes: DockerSandboxes
  readonly container: ContainerAddress
  /** Owner of the data. */
  readonly user: string
  readonly root: string
  /** Port in the container. */
  readonly port: number
  /** Whether what it writes after its promotion waits for the cluster's own archive_command. */
  readonly keepsWal: boolean
  readonly clock: Clock
}): RecoveredCopy {
  const { docker, sandboxes, container, user, root, port, keepsWal, clock } = deps
  const name = root.slice(root.lastIndexOf('/') + 1)
  const sandbox = `${nameOf(container)}-${name}`
  const serveId = `${name}-serve`
  const verifyId = `${name}-verify`
  const feedId = `${name}-feed`
  const relayId = `${name}-relay`
  const within = createDetachedRuns({ docker, container: sandbox, user, clock })
  const beside = createDetachedRuns({ docker, container, user, clock })
  const asRoot = createDetachedRuns({ docker, container, user: 'root', clock })

  /** Every call can be repeated. */
  async function ask<T>(
    where: { readonly container: ContainerAddress; readonly user: string },
    schema: z.ZodType<T>,
    command: string,
    argument: string,
    { timeoutMs = 60_000, ...given }: { readonly timeoutMs?: number; readonly stdin?: string } = {},
  ): Promise<T> {
    const said = await patiently(`container ${nameOf(where.container)}`, clock, async () => {
      const argv = ['howdah-recovery', command, argument]
      const result = await docker.run({ ...where, argv, timeoutMs, ...given })
      if (result.exitCode !== 0)
        throw new RecoveredCopyError(nameOf(where.container), result.exitCode, result.stderr || result.stdout)
      return result.stdout
    })
    return schema.parse(JSON.parse(said))
  }
  const inside = { container: sandbox, user }
  const outside = { container, user }

  async function openSandbox(): Promise<void> {
    await sandboxes.ensure({
      name: sandbox,
      of: container,
      directory: root,
      readOnly: `${root}/wal`,
      environment: { HOWDAH_RUNS: `${root}/run/runs` },
    })
    await ask({ container: sandbox, user: 'root' }, nothingSchema, 'link-places', root)
  }

  async function keepFetching({ server, restoreMethod }: Pick<ReplayRequest, 'server' | 'restoreMethod'>) {
    const request = JSON.stringify({ root, server, restoreMethod })
    await startAgain(beside, feedId, ['howdah-recovery', 'feed', request])
  }

  async function close(): Promise<void> {
    await sandboxes.remove(sandbox)
    await end(beside, feedId)
    await end(asRoot, relayId)
  }

  const isOpen = async () => (await sandboxes.state(sandbox)) === 'RUNNING'

  async function status(): Promise<CopyStatus> {
    // Without its sandbox nothing of it runs.
    if (!(await isOpen())) return ask(outside, statusSchema, 'status', root)
    const seen = await ask(inside, statusSchema, 'status', root)
    if (seen.state !== 'STOPPED') return seen
    // `serve` becomes PostgreSQL: while its run lasts that has not ended, and what the log says may be of an earlier start.
    const { state } = await within.status(serveId)
    if (state === 'RUNNING') return { ...seen, state: 'STARTING', lastLines: [], wants: WANTS_NOTHING }
    return ask(inside, statusSchema, 'status', root)
  }

  return {
    directory: dataOf(root),
    port,
    placeOf: (oid) => `${root}/tablespaces/${oid}`,
    async prepare(tablespaces) {
      await ask(outside, nothingSchema, 'prepare', JSON.stringify({ root, tablespaces }))
    },
    space: () => ask(outside, spaceSchema, 'space', root),
    status,
    async startReplay({ server, target, timeline, restoreMethod, enough = null }) {
      await openSandbox()
      await keepFetching({ server, restoreMethod })
      const until = { target: settingOf(target), enough: enough === null ? null : formatLsn(enough) }
      const request = { root, port, timeline, keepsWal, ...until }
      await startAgain(within, serveId, ['howdah-recovery', 'serve', JSON.stringify(request)])
    },
    keepFetching,
    prove: ({ server, timeline, target, lsn }) => {
      const request = { root, server, timeline, lsn, untilTransaction: target.kind === 'TIME' }
      return ask(outside, proofSchema, 'prove', JSON.stringify(request), { timeoutMs: PROVE_MS })
    },
    async publish(password) {
      // The password itself is in no command line, and in no file of the copy's.
      const salt = randomBytes(16)
      const hash = scryptSync(password, salt, 32, SCRYPT)
      const request = { root, salt: salt.toString('hex'), hash: hash.toString('hex') }
      if (!(await ask(inside, publishedSchema, 'publish', JSON.stringify(request))).role) return false
      await startAgain(asRoot, relayId, ['howdah-recovery', 'relay', root])
      await ask({ container, user: 'root' }, nothingSchema, 'await-relay', root)
      return true
    },
    async verify(onLine, signal) {
      let last = ''
      const tell = (line: string) => {
        last = line
        if (!line.startsWith('{')) onLine(line)
      }
      const argv = ['howdah-recovery', 'verify', root]
      const exitCode = await within.runToItsEnd({ id: verifyId, argv }, tell, signal)
      if (exitCode !== 0)
        throw new RecoveredCopyError(nameOf(container), exitCode ?? -1, last || 'it was lost with its sandbox')
      return checksSchema.parse(JSON.parse(last)).checks
    },
    async query(database, sql, timeoutMs) {
      const request = JSON.stringify({ root, database, sql, timeoutMs })
      const { rows, error } = await ask(inside, rowsSchema, 'query', request, { timeoutMs: timeoutMs + 10_000 })
      if (error !== null) throw new CopyQueryError(error.sqlstate, error.message)
      return rows
    },
    async promote() {
      if (await isOpen()) await ask(inside, nothingSchema, 'promote', root, { timeoutMs: SLOW_MS })
    },
    async handOver() {
      await openSandbox()
      await ask(inside, nothingSchema, 'hand-over', root, { timeoutMs: SLOW_MS })
      await close()
    },
    setRoles: (roles) => ask(inside, rolesSchema, 'set-roles', root, { stdin: `${JSON.stringify({ roles })}\n` }),
    async stop() {
      if (!(await isOpen())) return
      await ask(inside, nothingSchema, 'stop', root, { timeoutMs: SLOW_MS })
      // Its run too: one that is only about to end would be taken for the next start.
      await end(within, serveId)
    },
    close,
    async remove() {
      await close()
      await ask(outside, nothingSchema, 'remove', root, { timeoutMs: SLOW_MS })
    },
  }
}

/** Starts a run, or finds it running; one that has ended, or was lost with its container, is started again. */
async function startAgain(runs: DetachedRuns, id: string, argv: readonly string[]): Promise<void> {
  const { state } = await runs.start({ id, argv })
  if (state === 'RUNNING') return
  await runs.remove(id)
  await runs.start({ id, argv })
}

async function end(runs: DetachedRuns, id: string): Promise<void> {
  await runs.stop(id, GRACE_SECONDS)
  await runs.remove(id)
}
