import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { documentedFiles } from '../../support/documented-files.ts'
import { readDocument } from '../../support/documents.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
/** Its binary comes with the package. */
const RELAY = join(ROOT, 'node_modules/.bin/relay-compiler')

// A program is started for each: on a busy machine that takes longer than a rule.
vi.setConfig({ testTimeout: 30_000 })

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'howdah-relay-'))
  await mkdir(join(folder, 'src'))
  await cp(join(ROOT, 'schema.graphql'), join(folder, 'schema.graphql'))
  const { blocks } = readDocument('docs/CLIENTS.md')
  const configuration = blocks.find(({ text }) => text.includes('customScalarTypes'))
  await writeFile(join(folder, 'relay.config.json'), configuration?.text ?? '')
})
afterAll(() => rm(folder, { recursive: true }))

/** What the compiler says of these sources, and what it makes of them. */
async function compile(name: string, text: string) {
  await rm(join(folder, 'src'), { recursive: true })
  await mkdir(join(folder, 'src/__generated__'), { recursive: true })
  await writeFile(join(folder, 'src', name), text)
  const said = await new Promise<{ failed: boolean; output: string }>((done) =>
    execFile(RELAY, ['relay.config.json'], { cwd: folder }, (error, stdout, stderr) =>
      done({ failed: error !== null, output: stdout + stderr }),
    ),
  )
  return { ...said, artifacts: (await readdir(join(folder, 'src/__generated__'))).sort() }
}

const artifact = (name: string) => readFile(join(folder, 'src/__generated__', `${name}.graphql.ts`), 'utf8')

describe('the example of the document', () => {
  test('compiles without a complaint: a page that is fetched again, node(id:), a mutation, events', async () => {
    const { failed, output, artifacts } = await compile('Backups.ts', documentedFiles().get('Backups.ts') ?? '')
    expect(output).not.toMatch(/error|warn/i)
    expect(failed).toBe(false)
    expect(artifacts).toEqual(
      ['BackupsEventsSubscription', 'BackupsOneQuery', 'BackupsPageQuery', 'BackupsTakeMutation', 'Backups_server'].map(
        (name) => `${name}.graphql.ts`,
      ),
    )
  })

  test('is fetched again through node(id:), and has the scalars of the configuration', async () => {
    const page = await artifact('BackupsPageQuery')
    expect(page).toMatch(/"name": "node"/)
    const fragment = await artifact('Backups_server')
    expect(fragment).toMatch(/readonly endTime: string \| null/)
    expect(fragment).toMatch(/readonly sizeBytes: number \| null/)
  })
})

/** Where a page may be fetched again: by the type it is on, and the field. */
const PAGES = [
  ['Cluster', 'operations'],
  ['Cluster', 'recoveries'],
  ['BackupServer', 'wals'],
  ['Operation', 'events'],
  ['Query', 'operations'],
] as const

test.each(PAGES)('%s.%s is a connection that the compiler takes, and can be fetched again', async (type, field) => {
  const text = `graphql\`fragment Pages_it on ${type}
    @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
    @refetchable(queryName: "PagesQuery") {
      ${field}(first: $count, after: $cursor) @connection(key: "Pages_${field}") { edges { node { __typename } } }
    }\``
  expect(await compile('Pages.ts', text)).toMatchObject({
    failed: false,
    artifacts: expect.arrayContaining(['PagesQuery.graphql.ts']),
  })
})

test('a complaint would be seen', async () => {
  const { failed, output } = await compile('Wrong.ts', 'graphql`query WrongQuery { cluster { nothing } }`')
  expect(failed).toBe(true)
  expect(output).toContain('nothing')
})
