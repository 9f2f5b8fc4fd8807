import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { readDocument } from './documents.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** The first line of a block that is a file, or the second, after the shell's: "# howdah.sh", "// howdah.mjs". */
const NAME = /^(?:#!.*\n)?(?:#|\/\/) ([\w.-]+\.\w+)\n/

/** By its name, each file that docs/CLIENTS.md shows. */
export function documentedFiles(): ReadonlyMap<string, string> {
  const files = readDocument('docs/CLIENTS.md').blocks.flatMap(({ text }): [string, string][] => {
    const name = NAME.exec(text)?.[1]
    return name === undefined ? [] : [[name, text]]
  })
  return new Map(files)
}

/** All of them in a folder of its own, from which the packages of this project are found. */
export async function writeDocumentedFiles(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  await mkdir(join(ROOT, '.build'), { recursive: true })
  const folder = await mkdtemp(join(ROOT, '.build/clients-'))
  for (const [name, text] of documentedFiles()) await writeFile(join(folder, name), `${text}\n`)
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
