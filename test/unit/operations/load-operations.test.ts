import 'reflect-metadata'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isEnumType } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApiSchema } from '../../../src/graphql/schema.ts'
import { loadOperations, type OperationRegistry } from '../../../src/operations/load-operations.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import { planOperation } from '../../../src/operations/plan-operation.ts'
import { planContext } from '../../support/builders/plan-context.ts'

const ROOT = join(import.meta.dirname, '../../..')
const KIND = `
  import { InputType } from 'type-graphql'
  import { defineOperation } from 'SRC/operations/define-operation.ts'
  import { OperationInput } from 'SRC/operations/operation-input.ts'

  class RotateLogInput extends OperationInput {}
  InputType('RotateLogInput')(RotateLogInput)

  const rotate = { name: 'rotate', title: 'Rotate the log', usualSeconds: 2, run: async () => undefined }

  export default defineOperation({
    name: 'rotateLog',
    title: 'Rotate the log',
    description: 'Of this test alone.',
    input: RotateLogInput,
    fenced: false,
    destructive: false,
    check: () => [],
    plan: () => ({ summary: 'Rotates the log', checks: [], downtimeSeconds: 0, dataLoss: null }),
    steps: [rotate],
  })
`

let folder = ''
let kinds: OperationRegistry = new Map()

beforeAll(async () => {
  await mkdir(join(ROOT, '.build'), { recursive: true })
  folder = await mkdtemp(join(ROOT, '.build/new-kind-'))
  await addKind('nodes/rotate-log/rotate-log.kind.ts')
  kinds = await loadOperations(pathToFileURL(`${folder}/`))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function addKind(path: string): Promise<void> {
  const verb = join(folder, path, '..')
  await mkdir(verb, { recursive: true })
  await writeFile(join(folder, path), KIND.replaceAll('SRC', relative(verb, join(ROOT, 'src'))))
}

test('a kind is a file: its mutation, enum value, plan and steps come from it', async () => {
  const rotateLog = kinds.get('rotateLog')
  if (rotateLog === undefined) throw new Error(`found ${[...kinds.keys()].join() || 'no kind'}`)
  const schema = await buildApiSchema(new Map([...(await loadOperations()), ...kinds]))
  const mutation = schema.getMutationType()?.getFields()['rotateLog']
  expect(mutation?.description).toContain('Of this test alone.')
  const values = schema.getType('OperationKind')
  expect(isEnumType(values) && values.getValue('ROTATE_LOG')?.description).toContain('Rotate the log')
  const plan = await planOperation(rotateLog, planContext<OperationInput>(new rotateLog.input(), {}))
  expect(plan.steps).toEqual([{ name: 'rotate', title: 'Rotate the log', estimatedSeconds: 2 }])
})

test('a file that is named otherwise than its kind is refused, and the error says how it is to be named', async () => {
  await addKind('nodes/turn-log/turn-log.kind.ts')
  await expect(loadOperations(pathToFileURL(`${folder}/`))).rejects.toThrow(
    /turn-log.*is to be named rotate-log\.kind\.ts/,
  )
})
