import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../../scripts/lib/settings.mjs'
import { SPELLING } from '../../../scripts/lib/test-suites.mjs'

// cspell:disable
/** What each file says, and what the check reports of it: nothing where it is right. */
const PLANTED: Readonly<Record<string, readonly [text: string, reported: RegExp | null]>> = {
  'src/comment.ts': ['/** The nodes are repplicas. */\n', /src\/comment\.ts:1:\d+ - Unknown word \(repplicas\)/],
  'src/name.ts': ['export const standbyLeedder = 1\n', /src\/name\.ts:1:\d+ - Unknown word \(Leedder\)/],
  'src/british.ts': ["export const colour = 'red'\n", /src\/british\.ts:1:\d+ - Unknown word \(colour\)/],
  'docs/operations/page.md': ['A run starts anew.\n', /page\.md:1:\d+ - Forbidden word \(anew\).*again/],
  'README.md': ['Mend the cluster.\n', /README\.md:1:\d+ - Forbidden word \(Mend\).*Fix/],
  'test/title.test.ts': [
    "test('nobody leads', () => {})\n",
    /title\.test\.ts:1:\d+ - Forbidden word \(nobody\).*no node/,
  ],
  'docker/agent/bin/howdah-run': ['#!/usr/bin/python3\n# It has a mispeling.\n', /howdah-run:2:\d+ - .*mispeling/],
  'docker/agent/howdah/run.py': ['def promotte() -> None: ...\n', /run\.py:1:\d+ - Unknown word \(promotte\)/],
  '.ci/run': ['#!/bin/sh\n# Evrything.\n', /\.ci\/run:2:\d+ - Unknown word \(Evrything\)/],
  'schema.graphql': ['"""The clustre."""\n', /schema\.graphql:1:\d+ - Unknown word \(clustre\)/],
  'src/right.ts': ["/** Patroni's timeline, and the WAL that Barman has. */\n", null],
  'dist/built.js': ['// Repplicas.\n', null],
}
// cspell:enable

let root = ''
let outcome: { readonly failed: boolean; readonly output: string }

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'howdah-spelling-'))
  for (const [file, [text]] of Object.entries(PLANTED)) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), text)
  }
  for (const file of ['cspell.json', '.words.txt']) await copyFile(join(ROOT, file), join(root, file))
  const [program = '', ...args] = SPELLING
  outcome = await new Promise((resolve) =>
    execFile(join(ROOT, program), args, { cwd: root }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, output: stdout + stderr }),
    ),
  )
}, 60_000)
afterAll(() => rm(root, { recursive: true, force: true }))

test('a misspelled or forbidden word makes the check fail', () => {
  expect(outcome.failed).toBe(true)
})

test.each(Object.entries(PLANTED))('%s', (file, [, reported]) => {
  if (reported === null) expect(outcome.output).not.toContain(file)
  else expect(outcome.output).toMatch(reported)
})

test('the list of terms is sorted, and has each of them once', async () => {
  const lines = (await readFile(join(ROOT, '.words.txt'), 'utf8')).trimEnd().split('\n')
  const terms = lines.filter((line) => !line.startsWith('#')).map((line) => line.toLowerCase())
  expect(terms).toEqual([...new Set(terms)].sort())
})
