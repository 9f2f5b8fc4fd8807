import { beforeEach, describe, expect, test } from 'vitest'
import { NodeCommandError } from '../../../../../src/domain/cluster/node-command-error.ts'
import { NotFoundError, UnreachableError } from '../../../../../src/domain/errors.ts'
import { tryValues } from '../../../../../src/operations/configuration/update-configuration/try-values.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})
const run = (parameters: Record<string, unknown>) =>
  tryValues.run(cluster.context({ patch: { postgresql: { parameters } } }, {}))

describe('before anything is written', () => {
  test('each node is asked whether it takes the values, as they will be written', async () => {
    const asked: string[] = []
    cluster.refusesOption = (node, option) => {
      asked.push(`${node} ${option}`)
      return null
    }
    await run({ Work_Mem: '8MB', jit: false, search_path: null })
    expect(asked.sort()).toEqual(['db1', 'db2', 'db3'].flatMap((node) => [`${node} jit=false`, `${node} work_mem=8MB`]))
  })

  test('a value that one of them does not take is refused with its words', async () => {
    cluster.refusesOption = (node) => (node === 'db3' ? 'invalid value for parameter "TimeZone": "Mars"' : null)
    await expect(run({ timezone: 'Mars' })).rejects.toMatchObject({
      code: 'BAD_VALUE',
      message: 'PostgreSQL on db3 does not take the values: invalid value for parameter "TimeZone": "Mars"',
    })
  })

  test.each([{ work_mem: '8MB' }, { work_mem: null }])(
    'what ALTER SYSTEM has set on a node is refused: %j',
    async (asked) => {
      cluster.fileSettings.set('db2', { work_mem: { setting: '1MB', file: '/data/postgresql.auto.conf' } })
      await expect(run(asked)).rejects.toMatchObject({
        code: 'NOT_TO_BE_SET_HERE',
        message: expect.stringContaining('work_mem would not change on db2'),
        remedy: expect.stringContaining(
          'psql -U postgres -c "ALTER SYSTEM RESET work_mem" -c "SELECT pg_reload_conf()"',
        ),
      })
    },
  )

  test.each([
    ['does not run', new NodeCommandError('db2', 'psql', 'no such file')],
    ['cannot be reached', new UnreachableError('Docker', 'timeout')],
    ['has no container', new NotFoundError('there is no container db2')],
  ])('a node whose PostgreSQL %s keeps nothing from being written', async (_, error) => {
    const runs = cluster.runs.bind(cluster)
    cluster.runs = async (node, argv) => {
      if (node === 'db2') throw error
      return runs(node, argv)
    }
    await run({ work_mem: '8MB' })
    expect(cluster.lines).toContainEqual(expect.stringContaining('db2 could not be asked'))
  })

  test('what PostgreSQL says beside a value that it takes refuses nothing', async () => {
    const runs = cluster.runs.bind(cluster)
    const stderr = 'now [1] WARNING:  odd\nnow [1] HINT:  think'
    cluster.runs = async (node, argv) => ({ ...(await runs(node, argv)), ...(argv[0] === 'postgres' && { stderr }) })
    await run({ work_mem: '8MB' })
    expect(cluster.lines).toEqual([])
  })

  test('a container that ends meanwhile is no word of PostgreSQL about the value', async () => {
    cluster.runs = async () => ({ exitCode: 137, stdout: '', stderr: '' })
    await run({ work_mem: '8MB' })
    expect(cluster.lines.filter((line) => line.includes('could not be asked'))).toHaveLength(3)
  })

  test('a patch without parameters of PostgreSQL asks no node', () => {
    const applies = (patch: object) => tryValues.applies?.({ input: { patch } } as never)
    expect([applies({ ttl: 30 }), applies({ postgresql: { parameters: { jit: 'on' } } })]).toEqual([false, true])
  })
})
