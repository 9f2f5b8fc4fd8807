import { readdirSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { type DocumentNode, GraphQLError, isExecutableDefinitionNode, parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { kindFileName } from '../../../src/operations/define-operation.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import { allDocuments, type Document, deadLinks, parseDocument, readDocument } from '../../support/documents.ts'
import { callsIn, committedSchema, faultsOf, type RemedyCall } from '../../support/remedy-calls.ts'

interface Snippet {
  readonly text: string
  /** Of the block that it stands in; 0 for running text. */
  readonly line: number
}

const README_LINES = 120
const OPERATIONS = resolve(import.meta.dirname, '../../../src/operations')
/** What the examples send, in single quotes of the shell: a whole body, a document, a mutation's call. */
const BODY = /'(\{"query":.*?\})'/g
const DOCUMENT = /\bgql '((?:\{|mutation|query) .*?)'/g
const CALL = /\b(?:begin|refused) '(.*?)'/g
/** A whole query in running text: `{ viewer { name } }`. */
const INLINE = /^(?:\{ [a-z]\w*|(?:mutation|subscription) \{ [a-z]\w*\().*\}$/

const schema = committedSchema()
const mutations = schema.getMutationType()?.getFields() ?? {}
const documents = allDocuments()
const each = documents.map((document) => [document.path, document] as const)
const kinds = [...(await loadOperations()).keys()].map((name) => [name, capabilityOf(name)] as const)

/** What users of the earlier stack look for: the headings of its document, above the level of a command's comment. */
const EARLIER_HEADINGS = [
  'Dockerized Patroni Stack',
  'Prerequisites',
  'Quick Start',
  'Services',
  'etcd',
  'Patroni/PostgreSQL',
  'HAProxy',
  'Barman',
  'Barman Overview',
  'How Barman Works',
  'Barman Directory Structure',
  'Restore Commands for PITR',
  'Method 1: barman-wal-restore (Recommended)',
  'Method 2: barman get-wal (Atomic-safe)',
  'Barman Commands',
  'Configuration',
  'Environment Variables',
  'Patroni Configuration',
  'HAProxy Configuration',
  'Barman Configuration',
  'Useful Commands',
  'Check Patroni cluster status',
  'Promote a replica to leader',
  'Check etcd cluster health',
  'View HAProxy stats',
  'Backup with Barman',
  'Data Persistence',
  'Network',
  'Troubleshooting',
  'Check service logs',
  'Restart a service',
  'Rebuild images',
  'Check network connectivity',
  'Notes',
] as const

describe('README', () => {
  const readme = readDocument('README.md')

  test(`has at most ${README_LINES} lines`, () => {
    expect(readme.lines.length).toBeLessThanOrEqual(README_LINES)
  })

  test.each(EARLIER_HEADINGS)('says where "%s" of the earlier document now stands', (heading) => {
    const start = readme.headings.findIndex(({ text }) => text.startsWith('If you know'))
    expect(start).toBeGreaterThan(-1)
    const index = readme.lines.slice(readme.lines.indexOf(`## ${readme.headings[start]?.text}`))
    expect(index.some((line) => line.includes(`[${heading}](`) || line.startsWith(`| ${heading} |`))).toBe(true)
  })
})

describe('the links', () => {
  test.each(each)('of %s lead somewhere', (_, document) => {
    expect(deadLinks(document, documents)).toEqual([])
  })

  test('are found, but not in code', () => {
    const document = parseDocument('docs/x.md', '# A\n[a](b.md) `[c](d.md)` [`e`](#f)\n```\n[g](h.md)\n```\n')
    expect(document.links.map(({ target }) => target)).toEqual(['b.md', '#f'])
  })

  test('use the anchors of GitHub', () => {
    const document = parseDocument('docs/x.md', '## A `b`: c_d, e-f (g)!\n## Same\n## Same\n')
    expect(document.headings.map(({ anchor }) => anchor)).toEqual(['a-b-c_d-e-f-g', 'same', 'same-1'])
  })
})

describe('the pages of the operations', () => {
  test.each(kinds)('%s has its section in docs/operations/%s.md', (name, capability) => {
    expect(sectionsOf(readDocument(`docs/operations/${capability}.md`))).toContain(name)
  })

  test.each([...new Set(kinds.map(([, capability]) => capability))])(
    '%s.md has no section of what is no kind',
    (page) => {
      const known = kinds.filter(([, capability]) => capability === page).map(([name]) => name)
      const sections = sectionsOf(readDocument(`docs/operations/${page}.md`))
      expect(sections.filter((name) => /^[a-z]/.test(name) && !known.includes(name))).toEqual([])
    },
  )
})

describe('the schema takes', () => {
  test.each(each)('what %s has as GraphQL', (_, document) => {
    expect(document.blocks.filter(({ language }) => language === 'graphql').flatMap(faultsOfBlock(document))).toEqual(
      [],
    )
  })

  test.each(each)('the requests that %s sends', (_, document) => {
    expect(requestsIn(document).flatMap(faultsOfBlock(document))).toEqual([])
  })

  test('some requests, queries and calls in running text', () => {
    expect(documents.flatMap(requestsIn).length).toBeGreaterThan(30)
    expect(documents.flatMap(queriesIn).length).toBeGreaterThan(10)
    expect(documents.flatMap(namedCallsIn).length).toBeGreaterThan(10)
  })

  test.each(each)('the queries that %s has in running text', (_, document) => {
    expect(queriesIn(document).flatMap(faultsOfBlock(document))).toEqual([])
  })

  test.each(each)('the calls that %s names', (_, document) => {
    const faultsOfCall = (call: RemedyCall) => faultsOf(call, schema).map((fault) => `${call.text}: ${fault}`)
    expect(namedCallsIn(document).flatMap(faultsOfCall)).toEqual([])
  })
})

function sectionsOf({ headings }: Document): string[] {
  return headings.filter(({ level }) => level === 2).map(({ text }) => text)
}

function capabilityOf(kind: string): string {
  const file = `${kindFileName(kind)}.kind.ts`
  const found = readdirSync(OPERATIONS, { recursive: true, encoding: 'utf8' }).find((path) => basename(path) === file)
  return found?.split('/')[0] ?? `none: there is no ${file}`
}

/** Requests in examples; one that the shell puts together is left out. */
function requestsIn({ blocks }: Document): Snippet[] {
  return blocks
    .flatMap(({ text, line }) => [
      ...[...text.matchAll(BODY)].map(([, body = '']) => ({ text: queryOf(body), line })),
      ...[...text.matchAll(DOCUMENT)].map(([, query = '']) => ({ text: query, line })),
      ...[...text.matchAll(CALL)].map(([, call = '']) => ({
        text: `mutation { ${call} { refusals { code } } }`,
        line,
      })),
    ])
    .filter(({ text }) => !isShortened(text))
}

function queryOf(body: string): string {
  const { query }: { query?: unknown } = JSON.parse(body)
  return String(query)
}

function queriesIn({ codeSpans }: Document): Snippet[] {
  return codeSpans.filter((code) => INLINE.test(code) && !isShortened(code)).map((text) => ({ text, line: 0 }))
}

function namedCallsIn({ codeSpans }: Document): RemedyCall[] {
  return codeSpans
    .filter((code) => !isShortened(code))
    .flatMap((code) => callsIn(code))
    .filter(({ name, args }) => name in mutations && 'input' in args)
}

/** Fragments have dots as well, but a type after them. */
function isShortened(text: string): boolean {
  return /\.\.\.(?! on )|\$[\w{]|<[a-z]/.test(text)
}

/** Executable documents are validated; a piece of the schema's language has only to parse. */
function faultsOfBlock({ path }: Document) {
  return ({ text, line }: Snippet): string[] => {
    const parsed = parseOrFault(text)
    if (parsed instanceof GraphQLError) return [`${path}:${line} ${parsed.message}: ${text}`]
    if (!parsed.definitions.every(isExecutableDefinitionNode)) return []
    return validate(schema, parsed).map(({ message }) => `${path}:${line} ${message}: ${text}`)
  }
}

function parseOrFault(text: string): DocumentNode | GraphQLError {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}
