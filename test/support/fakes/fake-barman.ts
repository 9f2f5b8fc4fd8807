import { type DetachedRunStatus, type DetachedRuns, runToItsEnd } from '../../../src/clients/agent/detached-runs.ts'
import type { BarmanCommands } from '../../../src/clients/barman/barman-commands.ts'
import type { Backup, KeepTarget } from '../../../src/domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../src/domain/backup/backup-server.ts'
import type { Check } from '../../../src/domain/check.ts'
import { type OperationRecord, OperationStatus } from '../../../src/domain/operation/operation.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import { serverOf } from '../builders/backup-server.ts'
import { clusterOf, nodeOf } from '../builders/cluster.ts'
import { NOW, seen } from '../builders/observed.ts'
import { operationRecord } from '../builders/operations.ts'
import type { FakeRecoveries } from './fake-recoveries.ts'
import { fakeStepContext } from './fake-step-context.ts'

/** Barman, as far as it holds backups, in memory. What a test sets up stands in its fields. */
export class FakeBarman {
  backups: Backup[]
  kept = new Map<string, KeepTarget>()
  checks: Check[] = []
  /** By directory. */
  files = new Map<string, string[]>()
  /** Output and exit code of a detached run, by its program's name. */
  outputs = new Map<string, { lines: string[]; exitCode: number }>()
  /** What was done, in order. */
  readonly done: string[] = []
  readonly runs = new Map<string, DetachedRunStatus>()
  /** What Barman says instead of deleting a backup. */
  refusals = new Map<string, string>()
  /** Called before each deletion. */
  beforeDelete: (backupId: string) => void = () => {}
  archive: () => string[] = () => []

  constructor(backups: Backup[]) {
    this.backups = backups
  }

  commands(): Partial<BarmanCommands> {
    const find = (backupId: string) => this.backups.find((each) => each.backupId === backupId)
    const runs: DetachedRuns = {
      start: async ({ id, argv }) => {
        if (argv[1] === 'delete') this.#delete(argv.at(-1) ?? '')
        else this.done.push(`start ${argv.join(' ')}`)
        const { exitCode } = this.#outputOf(argv)
        const status: DetachedRunStatus = { state: 'EXITED', exitCode, outputBytes: 0, backupId: null }
        if (!this.runs.has(id)) this.runs.set(id, status)
        this.#argv.set(id, argv)
        return this.runs.get(id) ?? status
      },
      status: async (id) => this.runs.get(id) ?? UNKNOWN_RUN,
      follow: async (id, _, onLine) => {
        for (const line of this.#outputOf(this.#argv.get(id) ?? []).lines) onLine(line, 0)
      },
      stop: async (id) => this.runs.get(id) ?? UNKNOWN_RUN,
      remove: async (id) => void this.runs.delete(id),
      runToItsEnd: (...asked) => runToItsEnd(runs, ...asked),
    }
    return {
      runs,
      backupStatus: async (backupId) => find(backupId)?.status ?? null,
      listBackups: async () => this.backups,
      keepTarget: async (backupId) => this.kept.get(backupId) ?? null,
      keep: async (backupId, target) => {
        this.done.push(`keep ${backupId} ${target}`)
        if (target === null) this.kept.delete(backupId)
        else this.kept.set(backupId, target)
      },
      check: async () => this.checks,
      json: async (args) => void this.done.push(args.join(' ')),
      archiveWals: async () => this.archive(),
      paths: async () => ({ base: '/base', incoming: '/in', streaming: '/str', errors: '/err', programs: '/bin' }),
      listFiles: async (directories) => directories.flatMap((directory) => this.files.get(directory) ?? []),
    }
  }

  #delete(backupId: string): void {
    this.beforeDelete(backupId)
    if (this.refusals.has(backupId)) return
    this.done.push(`delete ${backupId}`)
    this.backups = this.backups.filter((each) => each.backupId !== backupId)
  }

  readonly #argv = new Map<string, readonly string[]>()

  #outputOf(argv: readonly string[]) {
    const refusal = argv[1] === 'delete' ? this.refusals.get(argv.at(-1) ?? '') : undefined
    if (refusal !== undefined) return { lines: [refusal], exitCode: 1 }
    const named = this.outputs.get(argv[0] === 'barman' ? 'barman' : (argv.at(-1) ?? ''))
    return named ?? { lines: ['backup successfully verified'], exitCode: 0 }
  }
}

const UNKNOWN_RUN: DetachedRunStatus = { state: 'UNKNOWN', exitCode: null, outputBytes: 0, backupId: null }

/** What a step is given: it sees what Barman has, and what it kept and told can be looked at. */
export function stepContext<Input extends OperationInput>(
  barman: FakeBarman,
  input: Input,
  options: {
    readonly record?: Partial<OperationRecord>
    readonly server?: Partial<BackupServerSnapshot>
    readonly recoveries?: FakeRecoveries
  } = {},
) {
  const { record, server, recoveries } = options
  const stop = new AbortController()
  const context = fakeStepContext({
    input,
    clients: {
      barman: () => barman.commands() as BarmanCommands,
      refreshBackups: async () => {},
      refreshChecks: async () => {},
      refreshWal: async () => {},
    },
    cluster: () =>
      clusterOf({
        nodes: [nodeOf('db1')],
        backupServers: [serverOf({ backups: seen(barman.backups), ...server })],
      }),
    operation: { ...RECORD, ...record },
    startedAt: NOW,
    signal: stop.signal,
    ...(record?.state === undefined ? {} : { state: record.state }),
    ...(recoveries === undefined ? {} : { recoveries }),
  })
  return { context, told: context.messages, stop }
}

export const RECORD = operationRecord({ id: 'op1', status: OperationStatus.RUNNING, attempt: 1 })
