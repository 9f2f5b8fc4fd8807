import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { codegen } from '@graphql-codegen/core'
import * as typedDocumentNode from '@graphql-codegen/typed-document-node'
import * as typescriptOperations from '@graphql-codegen/typescript-operations'
import {
  buildClientSchema,
  buildSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  lexicographicSortSchema,
  parse,
  printSchema,
} from 'graphql'
import ts from 'typescript'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Role } from '../../../src/domain/operation/operation.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import { writeDocumentedFiles } from '../../support/documented-files.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'
import { committedSchema } from '../../support/remedy-calls.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const PLUGINS = { 'typescript-operations': typescriptOperations, 'typed-document-node': typedDocumentNode }

/** The configuration of the document. */
interface CodegenConfiguration {
  readonly schema: readonly Readonly<Record<string, { headers: Record<string, string> }>>[]
  readonly generates: Readonly<
    Record<string, { plugins: readonly (keyof typeof PLUGINS)[]; config: Record<string, unknown> }>
  >
}

let api: FakeApi
let files: Awaited<ReturnType<typeof writeDocumentedFiles>>
beforeAll(async () => {
  api = await startFakeApi({ registry: await loadOperations() })
  files = await writeDocumentedFiles()
  // As the document's configuration reads them.
  process.env['HOWDAH_URL'] = `${api.url}/graphql`
  process.env['HOWDAH_TOKEN'] = api.token(Role.VIEWER)
})
afterAll(async () => {
  await files.remove()
  await api.close()
})

/** What the strictest compiler has against files of the folder. */
function faultsOf(...names: string[]): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  }
  const program = ts.createProgram(
    names.map((name) => join(files.folder, name)),
    options,
  )
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
}

const DOCUMENTS = `
query Overview {
  viewer { role }
  cluster { id health { status issues { code severity remedy } } nodes { name role state lag { replayBytes } } configuration }
}
query Ended($id: ID!) {
  operation(id: $id) {
    kind status durationSeconds input
    backup { backupId status sizeBytes endTime beginLsn } recovery { id status reached { time } }
    node { name state } service { name state }
    result { __typename ... on Backup { backupStatus: status } ... on Recovery { recoveryStatus: status } }
  }
}
mutation Take($input: CreateBackupInput!) {
  createBackup(input: $input) { operation { id } refusals { code message remedy field retryable } }
}
subscription Events($id: ID!, $after: String) {
  operationEvents(operationId: $id, after: $after) {
    __typename cursor step final message
    ... on OperationStarted { worker attempt } ... on StepProgressed { progress { percent } overall { bytesDone } }
    ... on OperationLogged { level line } ... on StepFinished { skipped } ... on OperationCancelled { reason }
    ... on OperationFailed { error { code } } ... on StepFailed { error { code } }
    ... on OperationInterrupted { error { code } } ... on OperationSucceeded { result { __typename } }
  }
}`

/** A program that would not compile, if a type were wrong or \`any\`. */
const USE = `
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type EndedQuery, EndedDocument, type EventsSubscription, type TakeMutation, type TakeMutationVariables, TakeDocument } from './howdah'

export const take: TypedDocumentNode<TakeMutation, TakeMutationVariables> = TakeDocument
export const variables: TakeMutationVariables = { input: { type: 'FULL', idempotencyKey: 'a' } }
// @ts-expect-error there is no such type of backup
export const wrong: TakeMutationVariables = { input: { type: 'HALF' } }

export function tell({ operationEvents: event }: EventsSubscription): string {
  switch (event.__typename) {
    case 'OperationStarted': return \`\${event.worker} \${event.attempt.toFixed()}\`
    case 'StepProgressed': return String(event.overall.bytesDone?.toFixed())
    case 'OperationFailed': return event.error.code
    default: return event.step ?? event.message
  }
}
export function refusal({ createBackup: { refusals } }: TakeMutation): string {
  // An enum that may grow: a default is wanted.
  return refusals.map(({ code }) => (code === 'BACKUP_RUNNING' ? 'later' : \`\${code}\`)).join()
}
export function ended({ operation }: EndedQuery): string | undefined {
  const input: unknown = operation?.input
  const lsn: string | null | undefined = operation?.backup?.beginLsn
  const size: number | null | undefined = operation?.backup?.sizeBytes
  // @ts-expect-error a ByteCount is a number
  const text: string = operation?.backup?.sizeBytes ?? 0
  const result = operation?.result
  if (result?.__typename === 'Backup') return result.backupStatus
  return result?.__typename === 'Recovery' ? result.recoveryStatus : \`\${lsn} \${size} \${text} \${String(input)}\`
}
export const document = EndedDocument
`

/** In the one order, with what any introspection brings. */
const textOf = (schema: GraphQLSchema) =>
  printSchema(lexicographicSortSchema(schema)).replaceAll(/ @specifiedBy\(.*\)/g, '')

async function introspected(url: string, headers: Record<string, string>) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true }) }),
  })
  const { data } = (await response.json()) as { data: IntrospectionQuery }
  return buildClientSchema(data)
}

test('graphql-codegen makes of the running API what it makes of schema.graphql, and the strict compiler takes it', async () => {
  const { default: configuration } = (await import(`${files.folder}/codegen.mjs`)) as { default: CodegenConfiguration }
  const [[url = '', { headers } = { headers: {} }] = []] = Object.entries(configuration.schema[0] ?? {})
  const [[filename = '', output] = []] = Object.entries(configuration.generates)
  const schemas = [await introspected(url, headers), committedSchema()]
  const [ofApi, ofFile] = await Promise.all(
    schemas.map((schema) =>
      codegen({
        filename,
        schema: parse(textOf(schema)),
        documents: [{ location: 'documents.graphql', document: parse(DOCUMENTS) }],
        plugins: output?.plugins.map((name) => ({ [name]: {} })) ?? [],
        pluginMap: PLUGINS,
        config: output?.config ?? {},
      }),
    ),
  )
  expect(ofApi === ofFile).toBe(true)
  await writeFile(join(files.folder, 'howdah.ts'), ofApi ?? '')
  await writeFile(join(files.folder, 'use.ts'), USE)
  expect(faultsOf('use.ts', 'howdah.ts')).toEqual([])
}, 180_000)

const USE_TADA = `
import type { ResultOf, VariablesOf } from 'gql.tada'
import { graphql } from './howdah-graphql'

const Ended = graphql(\`query Ended($id: ID!) { operation(id: $id) { status kind input
  backup { backupId status sizeBytes endTime } recovery { status } result { __typename ... on Backup { backupId } } } }\`)
const Events = graphql(\`subscription Events($id: ID!, $after: String) { operationEvents(operationId: $id, after: $after) {
  __typename cursor step ... on OperationStarted { worker } ... on StepProgressed { overall { percent } } } }\`)
const Take = graphql(\`mutation Take($input: CreateBackupInput!) { createBackup(input: $input) { refusals { code } } }\`)

export const variables: VariablesOf<typeof Take> = { input: { type: 'FULL', idempotencyKey: 'a' } }
// @ts-expect-error there is no such type of backup
export const wrong: VariablesOf<typeof Take> = { input: { type: 'HALF' } }
export function tell({ operationEvents: event }: ResultOf<typeof Events>): string {
  return event.__typename === 'OperationStarted' ? event.worker : (event.step ?? event.cursor)
}
export function ended({ operation }: ResultOf<typeof Ended>) {
  const size: number | null | undefined = operation?.backup?.sizeBytes
  const status: 'READY' | undefined = operation?.recovery?.status === 'READY' ? operation.recovery.status : undefined
  return [size, status, operation?.result?.__typename === 'Backup' ? operation.result.backupId : null]
}
`

test('gql.tada reads the schema of the running API with a token, and its types are taken by the strict compiler', async () => {
  const run = (...args: string[]) =>
    promisify(execFile)(join(ROOT, 'node_modules/.bin/gql.tada'), args, { cwd: files.folder })
  const authorization = `Authorization: Bearer ${api.token(Role.VIEWER)}`
  await run('generate-schema', `${api.url}/graphql`, '--header', authorization, '--output', 'schema.graphql')
  const written = await readFile(join(files.folder, 'schema.graphql'), 'utf8')
  expect(textOf(buildSchema(written)) === textOf(committedSchema())).toBe(true)

  const plugin = { name: 'gql.tada/ts-plugin', schema: './schema.graphql', tadaOutputLocation: './graphql-env.d.ts' }
  await writeFile(
    join(files.folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { strict: true, plugins: [plugin] }, include: ['*.ts'] }),
  )
  await run('generate-output')
  await writeFile(join(files.folder, 'use-tada.ts'), USE_TADA)
  expect(faultsOf('use-tada.ts', 'howdah-graphql.ts')).toEqual([])
}, 180_000)
