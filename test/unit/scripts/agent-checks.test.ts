import { expect, it } from 'vitest'
import { agentChecks, kindOfProgram, programsIn } from '../../../scripts/lib/agent-checks.mjs'
import { ROOT } from '../../../scripts/lib/settings.mjs'

it.each([
  ['an entrypoint', 'entrypoint.sh', '#!/bin/bash\n', 'shell'],
  ['what is only sourced', 'secrets.sh', '# Sourced by entrypoints.\n', 'shell'],
  ['a service', 'run', '#!/bin/sh\n', 'shell'],
  ['a program', 'howdah-run', '#!/usr/bin/env python3\n', 'python'],
  ['a program with options', 'howdah-archive-wal', '#!/usr/bin/python3 -IS\n', 'python'],
  ['a module', 'runs.py', '"""Runs."""\n', null],
  ['a program of another kind', 'start.mjs', '#!/usr/bin/env node\n', null],
  ['a text that speaks of bash', 'README.md', 'Run it with bash.\n', null],
  ['an empty file', 'nothing', '', null],
])('knows what runs %s', (_, file, text, kind) => {
  expect(kindOfProgram(file, text)).toBe(kind)
})

it('finds every program of the containers, and the shell of the rest', async () => {
  const found = await programsIn(ROOT)
  expect(found).toContainEqual({ file: '.ci/run', kind: 'shell' })
  expect(found).toContainEqual({ file: 'docker/images/barman/service/cron/run', kind: 'shell' })
  expect(found).toContainEqual({ file: 'docker/agent/bin/howdah-take-wal', kind: 'shell' })
  expect(found).toContainEqual({ file: 'docker/agent/bin/howdah-archive-wal', kind: 'python' })
})

it('checks in an image that sees the files, writes none and has no network', async () => {
  const checks = await agentChecks(ROOT, 'howdah/checks:trixie')
  for (const { command } of checks) {
    expect(command.join(' ')).toContain(`--network none --init --volume ${ROOT}:/howdah:ro --workdir /howdah`)
  }
  const [shell] = checks.filter(({ name }) => name === 'shell')
  expect(shell?.command.slice(-1)).toEqual(['scripts/perform_pitr.sh'])
})
