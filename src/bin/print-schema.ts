import 'reflect-metadata'
import { readFile, writeFile } from 'node:fs/promises'
import { buildApiSchema, printApiSchema } from '../graphql/schema.ts'
import { loadOperations } from '../operations/load-operations.ts'

/** Writes schema.graphql from the code; with --check only compares, and ends with 1 when it is stale. */
const FILE = new URL('../../schema.graphql', import.meta.url)

const text = printApiSchema(await buildApiSchema(await loadOperations()))
if (!process.argv.includes('--check')) {
  await writeFile(FILE, text)
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== text) {
  process.stderr.write('schema.graphql is stale: make it again with npm run schema\n')
  process.exitCode = 1
}
