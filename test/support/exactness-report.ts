import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const REPORT = fileURLToPath(new URL('../../.build/test-results/exactness.jsonl', import.meta.url))

/** One target whose content was compared and found exact; scripts/lib/exactness-table.mjs counts them. */
export interface ExactRow {
  /** Of the target: "time". */
  readonly kind: string
  /** FULL or INCREMENTAL. */
  readonly backupType: string
  readonly timeline: number
  /** Transactions that were there, each as it had to be. */
  readonly rows: number
  /** The target as the API took it. */
  readonly said: string
}

export async function reportExactness(row: ExactRow): Promise<void> {
  await mkdir(dirname(REPORT), { recursive: true })
  await appendFile(REPORT, `${JSON.stringify(row)}\n`)
  console.info(`exact: ${row.said}, timeline ${row.timeline}, ${row.rows} transactions`)
}
