import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const REPORT = fileURLToPath(new URL('../../../.build/test-results/exactness.jsonl', import.meta.url))

/** One target whose content was compared and found exact; scripts/lib/exactness-table.mjs counts them. */
export interface ExactRow {
  /** Of the target: "time". */
  readonly kind: string
  /** FULL or INCREMENTAL. */
  readonly backupType: string
  readonly timeline: number
  /** Transactions that were there, each as it had to be. */
  readonly rows: number
  /** Tablespaces that it had. */
  readonly tablespaces: number
  /** Tablespaces that were made or dropped between its base backup and its target. */
  readonly tablespaceChanges: number
  /** Settings with more of which it had to be started again, because the WAL asked for it. */
  readonly askedFor: readonly string[]
  /** Whether the stack's own roles had other passwords at the target than now. */
  readonly otherPasswords: boolean
  /** Files outside of the copy that were compared, and had the same content before and after; null: not compared. */
  readonly outsideFiles: number | null
  /** The target as the API took it. */
  readonly said: string
}

export async function reportExactness(row: ExactRow): Promise<void> {
  await mkdir(dirname(REPORT), { recursive: true })
  await appendFile(REPORT, `${JSON.stringify(row)}\n`)
  const asked = row.askedFor.length === 0 ? '' : `, started again with more ${row.askedFor.join(', ')}`
  const tablespaces = `${row.tablespaces} tablespaces (${row.tablespaceChanges} made or dropped on the way)`
  const passwords = row.otherPasswords ? ', other passwords' : ''
  const outside = row.outsideFiles === null ? '' : `, ${row.outsideFiles} files outside unchanged`
  console.info(
    `exact: ${row.said}, timeline ${row.timeline}, ${row.rows} transactions, ${tablespaces}${asked}${passwords}${outside}`,
  )
}
