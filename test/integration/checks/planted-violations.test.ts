import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { viewForTerminal } from '../../../scripts/lib/command-line.mjs'
import { prepareChecks } from '../../../scripts/lib/prepare.mjs'
import { ROOT } from '../../../scripts/lib/settings.mjs'
import { runChecks } from '../../../scripts/lib/test-suites.mjs'

/** What `npm run check` needs beside what it checks. */
const SETTINGS = [
  ...['package.json', 'tsconfig.json', 'biome.json', 'cspell.json', '.words.txt', '.dependency-cruiser.cjs'],
  ...['.shellcheckrc', 'docker/agent/pyproject.toml', 'docker/agent/.flake8', 'dist', 'docs', 'schema.graphql'],
]

const PLANTED_RULE = '{ alert: Planted, expr: "up == 0" }'

/** A file for each check, and what it says of that file; everything else of the project is right. */
const PLANTED: Readonly<Record<string, readonly [file: string, text: string, said: string]>> = {
  types: ['src/shared/types.ts', "export const port: number = 'five'\n", 'src/shared/types.ts(1,14): error TS2322'],
  style: ['src/shared/style.ts', 'export const port  =  5\n', 'src/shared/style.ts'],
  arrows: ['src/shared/arrow.ts', "export * from '../domain/thing.ts'\n", 'shared-imports: src/shared/arrow.ts'],
  // cspell:disable-next-line
  spelling: ['src/shared/spelling.ts', '/** The repplicas. */\nexport const one = 1\n', 'src/shared/spelling.ts:1'],
  schema: ['schema.graphql', 'type Query { nothing: Int }\n', 'schema.graphql'],
  'python types': [
    'docker/agent/howdah/types.py',
    'PORT: int = "five"\n',
    'howdah/types.py:1: error: Incompatible types',
  ],
  'python lint': ['docker/agent/howdah/lint.py', 'import os\n', "howdah/lint.py:1:1: F401 'os' imported but unused"],
  'python style': ['docker/agent/howdah/style.py', "NAME = 'x'\n", 'howdah/style.py'],
  'python tests': [
    'docker/agent/tests/test_planted.py',
    'import unittest\n\n\nclass Planted(unittest.TestCase):\n    def test_it(self) -> None:\n        self.assertEqual(1, 2)\n',
    'FAIL: test_it (tests.test_planted.Planted.test_it)',
  ],
  'alert rules': [
    'configs/monitoring/howdah.rules.yml',
    `groups: [{ name: howdah, rules: [${PLANTED_RULE}, ${PLANTED_RULE}] }]\n`,
    '1 duplicate rule(s) found',
  ],
  alerts: [
    'test/monitoring/howdah.rules.test.yml',
    'rule_files: [../../configs/monitoring/howdah.rules.yml]\ntests: [{ interval: 1m, alert_rule_test: [{ eval_time: 1m, alertname: Planted, exp_alerts: [{}] }] }]\n',
    'alertname: Planted, time: 1m',
  ],
  scraping: ['configs/monitoring/prometheus.yml', 'scrapes: []\n', 'field scrapes not found'],
  shell: ['scripts/planted.sh', '#!/bin/sh\nrm $1\n', 'In scripts/planted.sh line 2'],
}

const RIGHT: Readonly<Record<string, string>> = {
  'src/domain/thing.ts': 'export const thing = 1\n',
  'vitest.config.ts': 'export default {}\n',
  'test/right.ts': 'export const right = true\n',
  'test/monitoring/howdah.slow.rules.test.yml': 'rule_files: [../../configs/monitoring/howdah.rules.yml]\ntests: []\n',
  '.ci/run': '#!/bin/sh\nexit 0\n',
  'docker/agent/howdah/__init__.py': '"""Howdah."""\n',
  'docker/agent/tests/__init__.py': '"""Tests."""\n',
  'docker/agent/bin/howdah-archive-wal': '#!/usr/bin/python3\nprint("archived")\n',
}

let root = ''
let outcomes: Awaited<ReturnType<typeof runChecks>> = []

beforeAll(async () => {
  const image = await prepareChecks(viewForTerminal())
  root = await mkdtemp(join(tmpdir(), 'howdah-checks-'))
  for (const path of SETTINGS) await cp(join(ROOT, path), join(root, path), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  const files = [...Object.entries(RIGHT), ...Object.values(PLANTED).map(([file, text]) => [file, text] as const)]
  for (const [file, text] of files) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), text)
  }
  outcomes = await runChecks(image, root)
}, 300_000)
afterAll(() => rm(root, { recursive: true, force: true }))

describe('a violation makes its check fail, and is named', () => {
  test.each(Object.entries(PLANTED))('%s', (name, [, , said]) => {
    const outcome = outcomes.find((each) => each.name === name)
    expect(outcome).toMatchObject({ failed: 1 })
    expect(outcome?.output).toContain(said)
  })
})

test('there is no check without one', () => {
  expect(outcomes.map(({ name }) => name).sort()).toEqual(Object.keys(PLANTED).sort())
})
