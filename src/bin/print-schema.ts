import 'reflect-metadata'
import { readFile, writeFile } from 'node:fs/promises'
import { buildApiSchema, printApiSchema } from '../graphql/schema.ts'
import { loadOperations } from '../operations/load-operations.ts'
import { codesDocument } from './codes-document.ts'

/** Writes what is made from the code; with --check only compares, and ends with 1 when a file is stale. */
const FILES: Readonly<Record<string, string>> = {
  'schema.graphql': printApiSchema(await buildApiSchema(await loadOperations())),
  'docs/operations/CODES.md': codesDocument(),
}

for (const [name, text] of Object.entries(FILES)) {
  const file = new URL(`../../${name}`, import.meta.url)
  if (!process.argv.includes('--check')) {
    await writeFile(file, text)
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`${name} is stale: make it again with npm run schema\n`)
    process.exitCode = 1
  }
}
