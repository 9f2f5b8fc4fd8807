import 'reflect-metadata'
import { readFile } from 'node:fs/promises'
import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  parse,
  visit,
} from 'graphql'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildApiSchema, printApiSchema } from '../../../src/graphql/schema.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'

let schema: GraphQLSchema
beforeAll(async () => {
  schema = await buildApiSchema(await loadOperations())
})

function fieldsOf(type: GraphQLNamedType | undefined) {
  return isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? type.getFields() : {}
}

/** "Cluster.operations(first: Int): OperationConnection!" for every field and argument that the contract writes out. */
async function contractParts(): Promise<string[]> {
  const parts: string[] = []
  const source = await readFile(new URL('../../support/fixtures/contract.graphql', import.meta.url), 'utf8')
  let type = ''
  let field = ''
  const enter = (name: string) => {
    type = name
  }
  const named = (name: string) => `${type}.${name}`
  visit(parse(source), {
    ScalarTypeDefinition: ({ name }) => void parts.push(name.value),
    UnionTypeDefinition: ({ name }) => void parts.push(name.value),
    EnumTypeDefinition: ({ name, values = [] }) => {
      parts.push(name.value, ...values.map((value) => `${name.value}#${value.name.value}`))
    },
    InterfaceTypeDefinition: ({ name }) => enter(name.value),
    InputObjectTypeDefinition: ({ name }) => enter(name.value),
    ObjectTypeDefinition: ({ name, interfaces = [] }) => {
      type = name.value
      parts.push(type, ...interfaces.map((each) => `${type} implements ${each.name.value}`))
    },
    FieldDefinition: ({ name, type: of }) => {
      field = name.value
      parts.push(`${named(field)}: ${textOf(of)}`)
      return undefined
    },
    InputValueDefinition: ({ name, type: of }) => {
      const place = type.endsWith('Input') ? named(name.value) : `${named(field)}(${name.value})`
      parts.push(`${place}: ${textOf(of)}`)
    },
  })
  return parts
}

function schemaParts(): Set<string> {
  const parts = new Set<string>()
  for (const type of Object.values(schema.getTypeMap())) {
    parts.add(type.name)
    if (isEnumType(type)) for (const value of type.getValues()) parts.add(`${type.name}#${value.name}`)
    if (isObjectType(type)) for (const each of type.getInterfaces()) parts.add(`${type.name} implements ${each.name}`)
    for (const [name, field] of Object.entries(fieldsOf(type))) {
      parts.add(`${type.name}.${name}: ${field.type}`)
      if ('args' in field) for (const arg of field.args) parts.add(`${type.name}.${name}(${arg.name}): ${arg.type}`)
    }
  }
  return parts
}

type TypeText = { readonly kind: string; readonly name?: { readonly value: string }; readonly type?: TypeText }

function textOf(node: TypeText): string {
  if (node.kind === 'NonNullType' && node.type !== undefined) return `${textOf(node.type)}!`
  if (node.kind === 'ListType' && node.type !== undefined) return `[${textOf(node.type)}]`
  return node.name?.value ?? ''
}

/** What is to come with work that is not begun, by the part of the contract that stands for all below it. */
const LATER = [
  ...['Host', 'BackupCopy', 'CopyType'],
  ...['Channel', 'ChannelType', 'Delivery', 'DeliveryStatus'],
  ...['Query.hosts', 'Query.operationKinds', 'Query.channels', 'Service.host', 'BackupServer.copies'],
  'Cluster.activity',
  ...['Mutation.findDamage', 'Mutation.addNode', 'Mutation.removeNode', 'Mutation.drainHost', 'Mutation.replaceHost'],
  ...['Mutation.replaceEtcdMember', 'Mutation.testChannel', 'Mutation.redeliver'],
]

const isPartOf = (part: string, whole: string) => part.startsWith(whole) && !/\w/.test(part[whole.length] ?? '')

describe('the schema', () => {
  test('has every type, field, argument and enum value of the contract, with its type', async () => {
    const parts = schemaParts()
    const missing = (await contractParts()).filter((part) => !parts.has(part))
    expect(missing.filter((part) => !LATER.some((whole) => isPartOf(part, whole)))).toEqual([])
    // What has come is taken off the list.
    expect(LATER.filter((whole) => !missing.some((part) => isPartOf(part, whole)))).toEqual([])
  })

  test('describes every type, field, argument and enum value', () => {
    const silent: string[] = []
    const look = (name: string, { description }: { description?: string | null | undefined }) => {
      if (!description?.trim()) silent.push(name)
    }
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.startsWith('__')) continue
      look(type.name, type)
      if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}#${value.name}`, value)
      for (const [name, field] of Object.entries(fieldsOf(type))) {
        look(`${type.name}.${name}`, field)
        if ('args' in field) for (const arg of field.args) look(`${type.name}.${name}(${arg.name})`, arg)
      }
    }
    expect(silent).toEqual([])
  })

  test('implements OperationEvent fourteen times', () => {
    const type = schema.getType('OperationEvent')
    expect(
      isInterfaceType(type)
        ? schema
            .getImplementations(type)
            .objects.map(({ name }) => name)
            .sort()
        : [],
    ).toEqual([
      'OperationCancelled',
      'OperationFailed',
      'OperationInterrupted',
      'OperationLogged',
      'OperationProposed',
      'OperationQueued',
      'OperationRejected',
      'OperationStarted',
      'OperationSucceeded',
      'StepFailed',
      'StepFinished',
      'StepProgressed',
      'StepStarted',
      'StepUndone',
    ])
  })

  test('is what schema.graphql holds: make it again with npm run schema', async () => {
    const committed = await readFile(new URL('../../../schema.graphql', import.meta.url), 'utf8')
    expect(committed).toBe(printApiSchema(schema))
  })
})
