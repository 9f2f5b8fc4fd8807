import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fingerprint, stamp } from '../../../scripts/lib/fingerprint.mjs'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'howdah-fingerprint-'))
  await mkdir(join(root, 'a/b'), { recursive: true })
  await writeFile(join(root, 'a/b/one'), '1')
  await writeFile(join(root, 'two'), '2')
})
afterEach(() => rm(root, { recursive: true }))

const now = () => fingerprint(root, ['a', 'two', 'missing'])

it('does not depend on when a file was written', async () => {
  const before = await now()
  await utimes(join(root, 'two'), 0, 0)
  expect(await now()).toBe(before)
})

it('does not depend on what Python has compiled', async () => {
  const before = await now()
  await mkdir(join(root, 'a/__pycache__'))
  await writeFile(join(root, 'a/__pycache__/one.pyc'), '')
  expect(await now()).toBe(before)
})

it.each([
  ['a content', () => writeFile(join(root, 'a/b/one'), 'x')],
  ['a new file', () => writeFile(join(root, 'a/new'), '')],
  ['a removed file', () => rm(join(root, 'two'))],
  ['a permission to execute', () => chmod(join(root, 'two'), 0o755)],
])('changes with %s', async (_, change) => {
  const before = await now()
  await change()
  expect(await now()).not.toBe(before)
})

it('changes with the values that belong to it', async () => {
  expect(await fingerprint(root, ['a'], ['17'])).not.toBe(await fingerprint(root, ['a'], ['18']))
})

it('remembers a value across runs', async () => {
  const file = stamp(join(root, 'deep/er/stamp'))
  expect(await file.read()).toBe('')
  await file.write('x')
  expect(await file.read()).toBe('x')
})
