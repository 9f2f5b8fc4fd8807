import 'reflect-metadata'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { loadOperations } from '../../../../src/operations/load-operations.ts'
import { kindsWithoutKillCase, loadKillCases } from '../../../support/faults/kill-case.ts'

const ROOT = join(import.meta.dirname, '../../../..')

test('a kind without a kill case of its own is missed, until its file is there', async () => {
  await mkdir(join(ROOT, '.build'), { recursive: true })
  const folder = await mkdtemp(join(ROOT, '.build/kills-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const kinds = new Map([['rotateLog', null]])
  const missing = async () => kindsWithoutKillCase(kinds, await loadKillCases(pathToFileURL(`${folder}/`)))
  expect(await missing()).toEqual(['rotateLog'])
  await writeFile(join(folder, 'rotate-log.ts'), 'export default { input: async () => ({}) }')
  expect(await missing()).toEqual([])
})

test('every kind has a kill case, and no case is of a kind that is not there', async () => {
  const registry = await loadOperations()
  const killCases = await loadKillCases(pathToFileURL(join(ROOT, 'test/faults/kills/')))
  expect(kindsWithoutKillCase(registry, killCases)).toEqual([])
  expect([...killCases.keys()].filter((kind) => !registry.has(kind))).toEqual([])
})
