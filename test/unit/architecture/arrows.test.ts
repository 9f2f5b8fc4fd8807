import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

interface Rules {
  readonly forbidden: readonly { readonly name: string }[]
  readonly options: ICruiseOptions
}

const rules = createRequire(import.meta.url)('../../../.dependency-cruiser.cjs') as Rules

/** For each rule, an import that it forbids: from a file, to a file or a package. */
const PLANTED: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'no-circles': ['src/shared/one.ts', 'src/shared/other.ts'],
  'domain-imports': ['src/domain/wal/a.ts', 'src/shared/x.ts'],
  'shared-imports': ['src/shared/a.ts', 'src/domain/x.ts'],
  'config-imports': ['src/config/a.ts', 'src/shared/x.ts'],
  'clients-imports': ['src/clients/a.ts', 'src/operations/x.ts'],
  'events-imports': ['src/events/a.ts', 'src/clients/x.ts'],
  'observe-imports': ['src/observe/a.ts', 'src/events/x.ts'],
  'operations-imports': ['src/operations/a.ts', 'src/graphql/x.ts'],
  'admission-imports': ['src/admission/a.ts', 'src/worker/x.ts'],
  'worker-imports': ['src/worker/a.ts', 'src/graphql/x.ts'],
  'schedules-imports': ['src/schedules/a.ts', 'src/worker/x.ts'],
  'metrics-imports': ['src/metrics/a.ts', 'src/operations/x.ts'],
  'graphql-imports': ['src/graphql/a.ts', 'src/clients/x.ts'],
  'operations-imports-types-of-clients': ['src/operations/b.ts', 'src/clients/value.ts'],
  'node-access-imports': ['src/operations/node-access/a.ts', 'src/operations/nodes/x.ts'],
  'backups-imports': ['src/operations/backups/a.ts', 'src/operations/recovery/x.ts'],
  'leadership-imports': ['src/operations/leadership/a.ts', 'src/operations/nodes/x.ts'],
  'nodes-imports': ['src/operations/nodes/a.ts', 'src/operations/services/x.ts'],
  'configuration-imports': ['src/operations/configuration/a.ts', 'src/operations/recovery/x.ts'],
  'services-imports': ['src/operations/services/a.ts', 'src/operations/nodes/x.ts'],
  'recovery-imports': ['src/operations/recovery/a.ts', 'src/operations/unknown/x.ts'],
  'operations-framework-imports-no-capability': ['src/operations/c.ts', 'src/operations/backups/x.ts'],
  'no-verb-imports-another': ['src/operations/backups/one/a.ts', 'src/operations/backups/other/x.ts'],
  'cut-over-imports': ['src/operations/recovery/cut-over/a.ts', 'src/operations/recovery/copy/x.ts'],
  'recover-cluster-imports': [
    'src/operations/recovery/recover-cluster/a.ts',
    'src/operations/recovery/undo-recovery/x.ts',
  ],
  'undo-recovery-imports': ['src/operations/recovery/undo-recovery/a.ts', 'src/operations/recovery/copy/x.ts'],
  'settle-recovery-imports': [
    'src/operations/recovery/settle-recovery/a.ts',
    'src/operations/recovery/discard-recovery/x.ts',
  ],
  'discard-recovery-imports': [
    'src/operations/recovery/discard-recovery/a.ts',
    'src/operations/recovery/cut-over/x.ts',
  ],
  'lift-timeline-guard-imports': [
    'src/operations/recovery/lift-timeline-guard/a.ts',
    'src/operations/recovery/copy/x.ts',
  ],
  'no-verb-of-another-capability': ['src/operations/nodes/b.ts', 'src/operations/leadership/switchover/x.ts'],
  'doors-are-for-the-loader': ['src/worker/b.ts', 'src/operations/nodes/restart/restart.kind.ts'],
  'checks-and-plans-ask-no-client': ['src/operations/nodes/check-node.ts', 'src/clients/x.ts'],
  'domain-operation-imports': ['src/domain/operation/a.ts', 'src/domain/wal/x.ts'],
  'domain-wal-imports': ['src/domain/wal/b.ts', 'src/domain/backup/x.ts'],
  'domain-configuration-imports': ['src/domain/configuration/a.ts', 'src/domain/cluster/x.ts'],
  'domain-backup-imports': ['src/domain/backup/a.ts', 'src/domain/recovery/x.ts'],
  'domain-recovery-imports': ['src/domain/recovery/a.ts', 'src/domain/operation/x.ts'],
  'domain-cluster-imports': ['src/domain/cluster/a.ts', 'src/domain/health/x.ts'],
  'domain-health-imports': ['src/domain/health/a.ts', 'src/domain/unknown/x.ts'],
  'domain-summary-imports': ['src/domain/summary/a.ts', 'src/domain/operation/x.ts'],
  'domain-schedule-imports': ['src/domain/schedule/a.ts', 'src/domain/cluster/x.ts'],
  'domain-root-imports-no-topic': ['src/domain/a.ts', 'src/domain/wal/x.ts'],
  'only-clients-has--dockerode-etcd3-pg-': ['src/worker/c.ts', 'pg'],
  'only-admission-worker-has--bullmq-': ['src/events/b.ts', 'bullmq'],
  'only-domain-has--croner-': ['src/worker/f.ts', 'croner'],
  'only-metrics-has--prom-client-': ['src/bin/m.ts', 'prom-client'],
  'only-shared-has--ioredis-pino-': ['src/worker/d.ts', 'pino'],
  'only-graphql-bin-has--apollo-server-fastify-graphql-ws-graphql-sse-ws-': ['src/worker/e.ts', 'fastify'],
  'test-support-imports-no-suite': ['test/support/fakes/a.ts', 'test/unit/domain/x.ts'],
  'no-suite-imports-another': ['test/bench/a.ts', 'test/integration/clients/x.ts'],
}

/** Imports that no rule forbids, though one might be thought to. */
const ALLOWED: readonly (readonly [from: string, to: string])[] = [
  ['test/unit/operations/a.test.ts', 'src/operations/nodes/restart/restart.kind.ts'],
  ['test/unit/operations/b.test.ts', 'test/support/x.ts'],
  ['test/unit/operations/c.test.ts', 'test/unit/domain/x.ts'],
]

let root = ''
let violations: ICruiseResult['summary']['violations'] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'howdah-arrows-'))
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  for (const [rule, [from, to]] of Object.entries(PLANTED)) {
    const isPackage = !to.includes('/')
    const specifier = isPackage ? to : `./${relative(dirname(from), to)}`
    // Type-only where that is forbidden as well: only one rule is about values.
    const isValue = rule === 'operations-imports-types-of-clients'
    await write(from, `import ${isValue ? '' : 'type '}{ X } from '${specifier}'\nexport type Y = X\n`)
    if (isPackage) await write(`node_modules/${to}/index.d.ts`, 'export type X = string\n')
    if (isPackage) await write(`node_modules/${to}/package.json`, JSON.stringify({ name: to, types: 'index.d.ts' }))
    else
      await write(
        to,
        rule === 'no-circles' ? `import type { Y } from './one.ts'\nexport type X = Y\n` : 'export type X = string\n',
      )
  }
  for (const [from, to] of ALLOWED) {
    await write(from, `import type { X } from './${relative(dirname(from), to)}'\nexport type Y = X\n`)
    await write(to, 'export type X = string\n')
  }
  await write('tsconfig.json', JSON.stringify({ compilerOptions: { module: 'nodenext' } }))
  const { output } = await cruise(['src', 'test'], {
    ...rules.options,
    baseDir: root,
    ruleSet: { forbidden: [...rules.forbidden] },
    validate: true,
  } as ICruiseOptions)
  violations = (output as ICruiseResult).summary.violations
})
afterAll(() => rm(root, { recursive: true, force: true }))

describe('an import that a rule forbids is reported', () => {
  test.each(Object.entries(PLANTED))('%s', (rule, [from]) => {
    const seen = violations.filter((violation) => violation.rule.name === rule).map((violation) => violation.from)
    expect(seen).toContain(from)
  })
})

test.each(ALLOWED)('%s may import %s', (from) => {
  expect(violations.filter((violation) => violation.from === from)).toEqual([])
})

test('every rule has been tried', () => {
  expect(Object.keys(PLANTED).sort()).toEqual(rules.forbidden.map(({ name }) => name).sort())
})
