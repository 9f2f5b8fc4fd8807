import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')

const filesIn = (folder: string, suffix: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(suffix))
    .map((path) => join(folder, path))
const linesOf = (path: string) => readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1
const sources = filesIn('src', '.ts')

/** The value that this part of them is not above. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(part * sorted.length) - 1] ?? 0
}

test('the median source has less than 70 lines, and nine of ten have less than 150', () => {
  const lengths = sources.map(linesOf)
  expect(quantile(lengths, 0.5)).toBeLessThan(70)
  expect(quantile(lengths, 0.9)).toBeLessThan(150)
})

test('no source has more than 250 lines', () => {
  const all = [...sources, ...filesIn('scripts', '.mjs'), ...filesIn('docker/agent/howdah', '.py')]
  expect(all.filter((path) => linesOf(path) > 250)).toEqual([])
})

test('no folder of src has more than 25 files', () => {
  const counts = new Map<string, number>()
  for (const path of sources) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
  expect([...counts].filter(([, count]) => count > 25)).toEqual([])
})

test.each([
  [[1], 0.9, 1],
  [[3, 1, 2], 0.5, 2],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9, 9],
])('of %j, %d are not above %d', (values, part, expected) => {
  expect(quantile(values, part)).toBe(expected)
})
