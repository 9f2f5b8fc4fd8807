import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const REPORT = fileURLToPath(new URL('../../../.build/test-results/faults.jsonl', import.meta.url))

/** A row of the table in docs/RELIABILITY.md. */
export interface FaultRow {
  /** "SIGKILL of the worker" */
  readonly fault: string
  /** "switchover, step switch-leader" */
  readonly done: string
  /** What became of it, with figures. */
  readonly seen: string
}

export async function reportFault(row: FaultRow): Promise<void> {
  await mkdir(dirname(REPORT), { recursive: true })
  await appendFile(REPORT, `${JSON.stringify(row)}\n`)
  console.info(`${row.fault} | ${row.done} | ${row.seen}`)
}
