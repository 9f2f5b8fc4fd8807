import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SCRIPTS = fileURLToPath(new URL('../../../scripts', import.meta.url))
const IMPORT = /^(?:import|export)\s[^'"]*?from\s+'([^']+)'/gm

/** What a program loads before its first line runs: itself, and all that is imported from there on. */
async function packagesOf(file: string, seen = new Set<string>()): Promise<string[]> {
  if (seen.has(file)) return []
  seen.add(file)
  const text = await readFile(file, 'utf8')
  const imported = [...text.matchAll(IMPORT)].map(([, name = '']) => name)
  const files = imported.filter((name) => name.startsWith('.')).map((name) => join(dirname(file), name))
  const packages = imported.filter((name) => !/^(?:\.|node:)/.test(name)).map((name) => `${name}, by ${file}`)
  return [...packages, ...(await Promise.all(files.map((each) => packagesOf(each, seen)))).flat()]
}

// In a fresh clone there are none: `npm start` and `npm test` install them.
test('every program of scripts/ begins without an npm package', async () => {
  const programs = (await readdir(SCRIPTS)).filter((name) => name.endsWith('.mjs'))
  expect(programs).toContain('start.mjs')
  const needed = await Promise.all(programs.map((name) => packagesOf(join(SCRIPTS, name))))
  expect(needed.flat()).toEqual([])
})
