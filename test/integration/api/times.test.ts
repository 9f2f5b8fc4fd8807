import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SwitchoverInput } from '../../../src/operations/leadership/switchover/switchover-input.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import type { RecoverClusterInput } from '../../../src/operations/recovery/recover-cluster/recover-cluster-input.ts'
import { backupOf, backupServerOf, minute, range, walOf } from '../../support/builders/backups.ts'
import { clusterOf, serviceOf, servicesSeen } from '../../support/builders/cluster.ts'
import { seen } from '../../support/builders/observed.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

/** Segment by segment, a minute each, from the minute 4 of 1970 on. */
const backup = backupOf(4, 5)
let api: FakeApi

beforeAll(async () => {
  const server = backupServerOf({ backups: seen([backup]), wal: seen(walOf({ 1: range(4, 9) })) })
  const snapshot = clusterOf({ backupServers: [server], services: servicesSeen([serviceOf('db1')]) })
  api = await startFakeApi({ snapshot, registry: await loadOperations() })
})
afterAll(() => api.close())

const lastSubmitted = <Input>() => api.submitted.at(-1)?.input as Input | undefined

async function verdict(time: string) {
  const query = `query ($target: RecoveryTargetInput!) {
    cluster { backupServer { canRecoverTo(target: $target) { recoverable reasons } } } }`
  const { data, errors } = await api.query(query, { target: { time } })
  return { ...data?.cluster?.backupServer?.canRecoverTo, error: errors?.[0] }
}

describe('a recovery target', () => {
  test.each(['1970-01-01 00:05:00+00', '1970-01-01 01:05:00.000001+01', '1970-01-01 00:09:00 UTC'])(
    'is taken as psql and the logs print it: %s',
    async (time) => {
      expect(await verdict(time)).toMatchObject({ recoverable: true, error: undefined })
    },
  )

  test.each(['1970-01-01 00:04:59.999999+00', '1970-01-01 00:09:00.000001+00'])(
    'is compared with the windows to the microsecond: %s is outside',
    async (time) => {
      expect(await verdict(time)).toMatchObject({
        recoverable: false,
        reasons: [expect.stringContaining(time.slice(11, 26)), expect.anything()],
      })
    },
  )

  test('without a zone is refused for that, with the remedy and the field', async () => {
    expect((await verdict('1970-01-01 00:05:00')).error).toMatchObject({
      message: '"1970-01-01 00:05:00" has no time zone',
      extensions: {
        code: 'BAD_USER_INPUT',
        field: 'time',
        remedy: expect.stringContaining('"1970-01-01 00:05:00+00"'),
      },
    })
  })

  test.each(['variable', 'literal'])('comes to the operation to the microsecond, as a %s', async (how) => {
    const time = '2026-11-22 12:00:00.041718+01'
    const input = { target: { time }, dryRun: true }
    const { errors } =
      how === 'variable'
        ? await api.query(
            'mutation ($input: RecoverClusterInput!) { recoverCluster(input: $input) { refusals { code } } }',
            { input },
          )
        : await api.query(
            `mutation { recoverCluster(input: {target: {time: "${time}"}, dryRun: true}) { refusals { code } } }`,
          )
    expect(errors).toBeUndefined()
    expect(String(lastSubmitted<RecoverClusterInput>()?.target?.time)).toBe('2026-11-22T11:00:00.041718Z')
  })

  test('that cannot be read comes to the operation as it is, which refuses it', async () => {
    const query = 'mutation { recoverCluster(input: {target: {time: "noon"}, dryRun: true}) { refusals { code } } }'
    expect((await api.query(query)).errors).toBeUndefined()
    expect(lastSubmitted<RecoverClusterInput>()?.target?.time).toBe('noon')
  })
})

test('an LSN that cannot be read is refused by its field too', async () => {
  const query = '{ cluster { backupServer { canRecoverTo(target: {lsn: "1-BBCC7AC0"}) { recoverable } } } }'
  expect((await api.query(query)).errors?.[0]).toMatchObject({
    message: '"1-BBCC7AC0" is not an LSN',
    extensions: { code: 'BAD_USER_INPUT', field: 'lsn', remedy: expect.stringContaining('1/BBCC7AC0') },
  })
})

describe('every other time', () => {
  test('of an input is read in the same way', async () => {
    const switchover = (at: string) =>
      api.query(`mutation { switchover(input: {at: "${at}", dryRun: true}) { refusals { code field message } } }`)
    expect((await switchover('2026-11-22 13:00:00.5 UTC')).errors).toBeUndefined()
    expect(String(lastSubmitted<SwitchoverInput>()?.at)).toBe('2026-11-22T13:00:00.500Z')
    const { data, errors } = await switchover('2026-11-22 13:00:00')
    expect(errors).toBeUndefined()
    const message = expect.stringContaining('has no time zone. Write "2026-11-22 13:00:00+00"')
    expect(data.switchover.refusals).toEqual([{ code: 'INVALID_INPUT', field: 'at', message }])
  })

  test('of a filter is compared to the microsecond, and refused by its name', async () => {
    const found = async (since: string) => {
      const query = `{ cluster { backupServer { backups(filter: {since: "${since}"}) { edges { node { beginTime } } } } } }`
      const { data, errors } = await api.query(query)
      return errors?.[0] ?? data.cluster.backupServer.backups.edges.length
    }
    expect(await found('1970-01-01 00:04:00+00')).toBe(1)
    expect(await found('1970-01-01 00:04:00.000001+00')).toBe(0)
    expect(await found('1970-01-01 00:04:00')).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'since' } })
  })

  test('of an argument is refused by its name', async () => {
    const { errors } = await api.query(`{ cluster { services { logs(since: "2026-11-22 12:00:00 CET") { at } } } }`)
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('names its time zone'),
      extensions: { code: 'BAD_USER_INPUT', field: 'since' },
    })
  })

  test('in an answer has milliseconds, or microseconds where it has them', async () => {
    const { data } = await api.query('{ cluster { backupServer { backups { edges { node { beginTime } } } } } }')
    expect(data.cluster.backupServer.backups.edges[0].node.beginTime).toBe(`${minute(4)}`)
    expect(`${minute(4)}`).toBe('1970-01-01T00:04:00.000Z')
  })
})
