import { GraphQLError } from 'graphql'
import type { SettledSnapshots } from '../admission/settled-snapshots.ts'
import type { ArchiveOf } from '../domain/backup/backup-server.ts'
import { backupKey, type Verifications } from '../domain/backup/verification.ts'
import { type OperationRecord, OperationStatus } from '../domain/operation/operation.ts'
import type { RowEstimates } from '../domain/recovery/row-estimates.ts'
import type { OperationLog } from '../events/operation-log.ts'
import { readVerifications } from '../operations/backups/verifications.ts'

/** Rows of all connections in one request (or in one event of a subscription). */
const MAX_ROWS = 10_000
/** How far back `Backup.operation` looks. */
const BACKUP_OPERATIONS = 500

/** What one request has read already, so that many fields cost one read. Lives as long as the request. */
export class RequestMemo {
  readonly #log: OperationLog
  readonly #snapshots: Pick<SettledSnapshots, 'ended'>
  readonly #operations = new Map<string, Promise<OperationRecord | null>>()
  #backupOperations: Promise<ReadonlyMap<string, OperationRecord>> | null = null
  #verifications: Promise<Verifications> | null = null
  readonly #rowEstimates = new Map<string, Promise<RowEstimates>>()
  #rows = 0

  constructor({ log, snapshots }: { log: OperationLog; snapshots: Pick<SettledSnapshots, 'ended'> }) {
    this.#log = log
    this.#snapshots = snapshots
  }

  operation(id: string): Promise<OperationRecord | null> {
    let answer = this.#operations.get(id)
    if (answer === undefined) {
      answer = this.#read(id)
      this.#operations.set(id, answer)
    }
    return answer
  }

  async #read(id: string): Promise<OperationRecord | null> {
    const record = await this.#log.get(id)
    // A caller that sees an end asks for the rest next, and the log may be ahead of the feed that is followed.
    if (record !== null && record.finishedAt !== null) {
      this.#snapshots.ended({ operationId: id, kind: record.kind, cluster: record.cluster, at: record.finishedAt })
    }
    return record
  }

  /** The operation that made a backup, among the newest 500 backups that were made here. */
  async backupOperation(archive: ArchiveOf, backupId: string): Promise<OperationRecord | null> {
    this.#backupOperations ??= this.#readBackupOperations()
    return (await this.#backupOperations).get(backupKey(archive.cluster, archive.name, backupId)) ?? null
  }

  /** What was last found out about each backup, by the newest 500 verifications. */
  verifications(): Promise<Verifications> {
    this.#verifications ??= readVerifications(this.#log)
    return this.#verifications
  }

  /** What the running cluster's tables hold, asked once for all recoveries of one request. */
  rowEstimates(cluster: string, read: () => Promise<RowEstimates>): Promise<RowEstimates> {
    const known = this.#rowEstimates.get(cluster) ?? read()
    this.#rowEstimates.set(cluster, known)
    return known
  }

  /**
   * Counts against what one request may list. The validation rules weigh a query before its variables are known; this
   * bounds what it then asks for.
   */
  spendRows(rows: number): void {
    this.#rows += rows
    if (this.#rows > MAX_ROWS) {
      throw new GraphQLError(`The lists of one request may have ${MAX_ROWS} rows together; this one asks for more.`, {
        extensions: {
          code: 'TOO_MANY_ROWS',
          remedy: 'Ask for smaller pages, or in several requests.',
          retryable: false,
        },
      })
    }
  }

  async #readBackupOperations(): Promise<ReadonlyMap<string, OperationRecord>> {
    const { operations } = await this.#log.list({
      limit: BACKUP_OPERATIONS,
      from: null,
      backward: false,
      filter: { kinds: ['createBackup'], statuses: [OperationStatus.SUCCEEDED] },
    })
    const made = new Map<string, OperationRecord>()
    for (const operation of operations) {
      const { cluster, result } = operation
      if (result?.type === 'Backup') made.set(backupKey(cluster, result.scope, result.name), operation)
    }
    return made
  }
}
