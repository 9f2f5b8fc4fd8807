import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')

/** Of what is not in src/: the programs inside the containers, rules over all sources, documents, scripts, what tests share. */
const OWN_FOLDERS = ['agent', 'architecture', 'docs', 'scripts', 'support']

const filesIn = (folder: string) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
const tests = filesIn('test/unit').filter((path) => path.endsWith('.ts'))
const sources = new Set(filesIn('src'))

/** Of these files, those beside which src/ has neither a module nor a folder nor a kind of their name. */
function withoutCounterpart(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const subject = path.replace(/\.test\.ts$/, '')
    const counterparts = [`${subject}.ts`, subject, `${subject}.kind.ts`]
    return !OWN_FOLDERS.some((own) => path.startsWith(`${own}/`)) && !counterparts.some((each) => sources.has(each))
  })
}

test('a unit test lies where what it tests lies in src', () => {
  expect(withoutCounterpart(tests)).toEqual([])
})

test('test/unit has nothing but tests: what they share is in test/support', () => {
  expect(tests.filter((path) => !path.endsWith('.test.ts'))).toEqual([])
})

test.each([
  ['a module', 'operations/recovery/cut-over/swap-directories.test.ts', true],
  ['a folder', 'operations/recovery/cut-over.test.ts', true],
  ['a kind', 'operations/leadership/switchover/switchover.test.ts', true],
  ['a folder of its own', 'docs/anything.test.ts', true],
  ['another folder', 'operations/swap-directories.test.ts', false],
  ['another name', 'operations/nodes/upkeep-steps.test.ts', false],
  ['a folder that begins like one of its own', 'documents/anything.test.ts', false],
])('a test of %s: %s has its place: %s', (_, path, isRight) => {
  expect(withoutCounterpart([path])).toEqual(isRight ? [] : [path])
})
