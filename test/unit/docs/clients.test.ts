import {
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { documentedFiles, writeDocumentedFiles } from '../../support/documented-files.ts'
import { readDocument } from '../../support/documents.ts'
import { committedSchema } from '../../support/remedy-calls.ts'

const schema = committedSchema()
const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__'))
const objects = types.filter(isObjectType)
const hasId = (type: GraphQLObjectType) => type.getFields()['id'] !== undefined
/** What is an answer by itself, or a page of one. */
const isFrame = ({ name }: GraphQLObjectType) =>
  /^(?:Query|Mutation|Subscription|PageInfo)$|(?:Connection|Edge)$/.test(name)
const fields = (type: GraphQLObjectType) => Object.values(type.getFields())
const parts = objects.filter((type) => !hasId(type) && !isFrame(type))

/** The names of object types that a block has in quotes. */
const typesNamedIn = (text: string) => objects.map(({ name }) => name).filter((name) => text.includes(`'${name}'`))

/** Those fields of one name whose types differ, of types that are selected side by side. */
function clashesIn(name: string): string[] {
  const type = schema.getType(name)
  const members = isAbstractType(type) ? schema.getPossibleTypes(type) : []
  const all = members.flatMap(fields)
  const differ = all.filter((one) => all.some((other) => one.name === other.name && `${one.type}` !== `${other.type}`))
  return [...new Set(differ.map((each) => each.name))].sort()
}

describe('the caches of docs/CLIENTS.md', () => {
  let files: Awaited<ReturnType<typeof writeDocumentedFiles>>
  beforeAll(async () => {
    files = await writeDocumentedFiles()
  })
  afterAll(() => files.remove())

  test('Apollo knows every possible type, and every part that two queries may select differently', async () => {
    const { createCache } = await import(`${files.folder}/apollo-cache.mjs`)
    const { possibleTypes, typePolicies } = createCache().config
    const abstract = types.filter(isAbstractType).map((type) => [
      type.name,
      schema
        .getPossibleTypes(type)
        .map(({ name }) => name)
        .sort(),
    ])
    expect(possibleTypes).toEqual(Object.fromEntries(abstract))
    const single = objects
      .filter(hasId)
      .flatMap(fields)
      .filter(({ type }) => !isListType(getNullableType(type)))
      .map(({ type }) => getNamedType(type).name)
    const merged = Object.keys(typePolicies).filter((name) => typePolicies[name].merge === true)
    const wanted = parts.map(({ name }) => name).filter((name) => single.includes(name))
    expect(merged.sort()).toEqual(wanted.sort())
    // It loads all of Apollo Client.
  }, 30_000)

  test('urql knows every part without an id', () => {
    expect(typesNamedIn(documentedFiles().get('urql-client.mjs') ?? '')).toEqual(parts.map(({ name }) => name))
  })

  test.each(['apollo-cache.mjs', 'urql-client.mjs'])('%s pages every connection', (name) => {
    const text = documentedFiles().get(name) ?? ''
    const paged = objects.flatMap((type) =>
      fields(type).flatMap((field) => (getNamedType(field.type).name.endsWith('Connection') ? [field.name] : [])),
    )
    expect(paged.length).toBeGreaterThan(5)
    expect(paged.filter((field) => !new RegExp(`${field}: (?:pages|relay\\w+\\()`).test(text))).toEqual([])
  })
})

test('ids are global: node(id:) and every cache go by them', () => {
  const ids = objects.filter(hasId).map((type) => `${type.name} ${type.getFields()['id']?.type}`)
  expect(ids.filter((id) => !id.endsWith(' ID!'))).toEqual([])
})

describe('what is selected side by side', () => {
  test('events are told apart without an alias', () => {
    expect(clashesIn('OperationEvent')).toEqual([])
  })

  test('results are not: the document names what is in the way', () => {
    const [, named = ''] = /different types \((.*?)\)/.exec(readDocument('docs/CLIENTS.md').lines.join('\n')) ?? []
    expect([...named.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(clashesIn('OperationResult'))
  })
})
