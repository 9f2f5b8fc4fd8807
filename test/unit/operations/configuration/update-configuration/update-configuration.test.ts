import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import updateConfiguration from '../../../../../src/operations/configuration/update-configuration/update-configuration.kind.ts'
import { UpdateConfigurationInput } from '../../../../../src/operations/configuration/update-configuration/update-configuration-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { nodeOf, postgresStatus, topologyOf } from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

const configuration = {
  ttl: 30,
  slots: { barman: { type: 'physical' } },
  postgresql: { parameters: { work_mem: '4MB' } },
}
const topology = seen(topologyOf({ configuration }))
const contextOf = (patch: unknown, changes: Partial<ClusterSnapshot> = { topology }) =>
  planContext(new UpdateConfigurationInput(), { patch: patch as Record<string, unknown> }, changes)
const parameters = (values: Record<string, unknown>) => ({ postgresql: { parameters: values } })

describe('updateConfiguration is refused', () => {
  const cases: [string, unknown, Partial<ClusterSnapshot> | undefined, string[]][] = [
    ['never for what Patroni takes', parameters({ work_mem: '8MB' }), undefined, []],
    ['never for nothing', {}, undefined, []],
    ['for a list', [1], undefined, ['INVALID_PATCH']],
    ['for a word', 'ttl: 20', undefined, ['INVALID_PATCH']],
    ['while the configuration cannot be read', {}, { topology: away() }, ['TOPOLOGY_UNKNOWN']],
    [
      'for several reasons at once',
      { color: 1, ttl: 1 },
      undefined,
      ['UNKNOWN_KEY', 'INVALID_SETTING', 'TIMEOUTS_DO_NOT_FIT'],
    ],
  ]
  test.each(cases)('%s', async (_, patch, changes, expected) => {
    const refusals = await updateConfiguration.check(contextOf(patch, changes))
    expect(refusals.map(({ code }) => code)).toEqual(expected)
  })
})

describe('by what the nodes say of their PostgreSQL, it', () => {
  const workMem = { name: 'work_mem', type: 'integer', unit: 'kB', least: 64, most: 2_147_483_647, values: [] } as const
  const known = new Map([['work_mem', workMem]])
  const nodes = [nodeOf('db1', { postgres: seen(postgresStatus({ parameters: known })) })]
  const refusals = async (values: Record<string, unknown>) =>
    updateConfiguration.check(contextOf(parameters(values), { topology, nodes }))

  test.each<[string, Record<string, unknown>, string[]]>([
    ['takes what PostgreSQL takes', { work_mem: '16MB' }, []],
    ['takes names as PostgreSQL does', { Work_Mem: '16MB' }, []],
    ['takes what an extension may know', { 'pg_stat_statements.max': 1000 }, []],
    ['lets what is wrong be removed', { work_men: null }, []],
    ['refuses a name that PostgreSQL does not know', { work_men: '16MB' }, ['UNKNOWN_PARAMETER']],
    ['refuses a value that PostgreSQL would not take', { work_mem: 'lots' }, ['BAD_VALUE']],
  ])('%s', async (_what, values, codes) => {
    expect((await refusals(values)).map(({ code }) => code)).toEqual(codes)
  })

  test('says what may have been meant', async () => {
    expect((await refusals({ work_men: 1 }))[0]?.remedy).toBe('Did you mean work_mem? SHOW ALL lists them.')
    expect((await refusals({ nothing_like_it: 1 }))[0]?.remedy).toBe('SHOW ALL lists them.')
  })

  test('says nothing where they have not said it', async () => {
    expect(await updateConfiguration.check(contextOf(parameters({ work_men: 'lots' })))).toEqual([])
  })
})

describe('the plan of updateConfiguration', () => {
  test('shows each change, and keeps what it was made on', async () => {
    const plan = await planOperation(updateConfiguration, contextOf({ ttl: null, ...parameters({ work_mem: '8MB' }) }))
    const changes = plan.checks.filter(({ status }) => status === 'OK')
    expect(changes.map(({ name, message }) => `${name}: ${message}`)).toEqual([
      'postgresql.parameters.work_mem: "4MB" -> "8MB"',
      'ttl: 30 -> not set',
    ])
    expect(plan).toMatchObject({ downtimeSeconds: 0, basis: { configuration } })
  })

  test('says which parameters wait for a restart', async () => {
    const plan = await planOperation(updateConfiguration, contextOf(parameters({ max_connections: 300 })))
    expect(plan.summary).toContain('max_connections takes effect with a restart only')
    expect(plan.checks.map(({ name }) => name)).toContain('restart needed')
  })

  test('does nothing for a patch that changes nothing', async () => {
    const plan = await planOperation(updateConfiguration, contextOf({ ttl: 30 }))
    expect(plan).toMatchObject({ estimatedSeconds: 0, summary: expect.stringContaining('Nothing to do') })
  })

  test.each(['ttl', 'loop_wait'])('warns that HAProxy reckons with %s', async (key) => {
    const plan = await planOperation(updateConfiguration, contextOf({ [key]: 25 }))
    const hint = expect.stringContaining('.env')
    expect(plan.checks).toContainEqual(expect.objectContaining({ status: 'WARNING', name: key, hint }))
  })

  test('warns of a slot that goes', async () => {
    const plan = await planOperation(updateConfiguration, contextOf({ slots: { barman: null } }))
    expect(plan.checks).toContainEqual(expect.objectContaining({ status: 'WARNING', name: 'slots.barman' }))
  })
})
