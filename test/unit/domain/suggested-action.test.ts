import { coerceInputValue, type GraphQLInputType, isNonNullType, parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { assessHealth } from '../../../src/domain/health/health.ts'
import { HEALTH_ISSUE_CODES } from '../../../src/domain/health/health-issue-codes.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { ILL_CLUSTERS } from '../../support/builders/ill-clusters.ts'
import { NOW } from '../../support/builders/observed.ts'
import { ILL_SCHEDULES } from '../../support/builders/schedules.ts'
import { callsIn, committedSchema } from '../../support/remedy-calls.ts'

const schema = committedSchema()
const mutations = schema.getMutationType()?.getFields() ?? {}

const issues = [
  ...ILL_CLUSTERS.flatMap(([, , , changes]) => assessHealth(clusterOf(changes), NOW).issues),
  ...assessHealth(clusterOf(), NOW, {
    workers: { seenAt: null, waiting: 1 },
    schedules: ILL_SCHEDULES.map(([, , , , schedule]) => schedule),
  }).issues,
]

test('every rule is tried', () => {
  expect(new Set(issues.map(({ code }) => code))).toEqual(new Set(Object.keys(HEALTH_ISSUE_CODES)))
})

function faultsOf(type: GraphQLInputType, value: unknown): string[] {
  const faults: string[] = []
  coerceInputValue(value, type, (_path, _value, { message }) => void faults.push(message))
  return faults
}

describe('what health suggests', () => {
  const suggested = issues.flatMap(({ code, remedy, action }) => (action === null ? [] : [{ code, remedy, action }]))

  test.each(suggested)('for $code the schema takes $action.mutation', ({ action }) => {
    const type = mutations[action.mutation]?.args.find(({ name }) => name === 'input')?.type
    if (!isNonNullType(type)) throw new Error(`no mutation ${action.mutation}(input:)`)
    const call = `mutation ($input: ${type}) { ${action.mutation}(input: $input) { refusals { code } } }`
    expect(validate(schema, parse(call))).toEqual([])
    expect(faultsOf(type, JSON.parse(JSON.stringify(action.input)))).toEqual([])
  })

  test.each(suggested)('for $code $action.mutation is what the remedy says in words', ({ remedy, action }) => {
    const { cluster, ...input } = action.input
    expect(cluster).toBe('patroni')
    const said = callsIn(remedy).filter(({ name }) => name === action.mutation)
    if (said.length === 0) return expect(remedy).toBe('fix it')
    const inputs = said.map(({ args }) => {
      const { confirm: _, ...rest } = args['input'] as Record<string, unknown>
      return rest
    })
    return expect(inputs).toContainEqual(input)
  })

  test('never confirms by itself', () => {
    expect(suggested.filter(({ action }) => 'confirm' in action.input)).toEqual([])
  })

  test.each(['NO_WORKER', 'NO_LEADER', 'ETCD_CORRUPT', 'ROLE_CANNOT_LOGIN', 'NOT_OBSERVED'])(
    'is nothing for %s',
    (code) => {
      const actions = issues.filter((issue) => issue.code === code).map(({ action }) => action)
      expect(new Set(actions)).toEqual(new Set([null]))
    },
  )

  test('is nothing for what no operation can start: it would wait in a queue that nothing serves', () => {
    const down = issues.filter(({ code, subject }) => code === 'SERVICE_DOWN' && subject.endsWith('/redis'))
    expect(down.map(({ action }) => action)).toEqual([null])
  })
})
