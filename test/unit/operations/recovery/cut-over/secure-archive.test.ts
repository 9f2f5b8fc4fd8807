import { describe, expect, test } from 'vitest'
import type { ServiceCommands } from '../../../../../src/clients/docker/service-commands.ts'
import { endOf, secureArchive } from '../../../../../src/operations/recovery/cut-over/secure-archive.ts'
import { layout } from '../../../../support/builders/layout.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { controlData, FakeNodeData } from '../../../../support/fakes/fake-node-data.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const LAST = '00000001000000000000000B'
const PLACES = [`/a/incoming/${LAST}`, `/a/streaming/${LAST}`, `/a/wals/0000000100000000/${LAST}`]
const GONE = { exitCode: 2, stdout: '', stderr: "ls: cannot access '...': No such file or directory" }
const KILLED = { exitCode: 137, stdout: '', stderr: '' }

/** db1, which led and was stopped; Barman says these, the last of them for ever, of where the last segment is. */
function worldOf(...said: { exitCode: number; stdout: string; stderr: string }[]) {
  const node = new FakeNodeData()
  const asked: { service: string; argv: readonly string[] }[] = []
  const services: Partial<ServiceCommands> = {
    inspect: async () => ({ status: 'running' }) as Awaited<ReturnType<ServiceCommands['inspect']>>,
    async run(service, { argv }) {
      asked.push({ service, argv })
      return (said.length > 1 ? said.shift() : said[0]) ?? GONE
    },
  }
  const operation = operationRecord()
  const server = layout.backupServers[0]
  const cutOver = { operation: operation.id, recovery: 'r1', server: server?.name, node: 'db2', archive: '/a' }
  const context = fakeStepContext<unknown>({
    input: {},
    operation,
    state: { cutOver: { ...cutOver, live: '/l', copy: '/c', previous: '/p' } },
    clients: { services: services as ServiceCommands, nodeData: () => node },
  })
  const secure = () => secureArchive(context, { name: 'db1', service: 'db1', directory: '/data/patroni1' })
  return { node, asked, context, secure, barman: server?.service }
}

const found = (place: string | undefined) => ({ ...GONE, stdout: `${place}\n` })

describe('what the leader has written', () => {
  test.each(PLACES)('is in the archive where its last segment is %s', async (place) => {
    const { asked, secure, barman } = worldOf(found(place))
    expect(await secure()).toEqual({ timeline: 1, lsn: '0/C000000', lastWal: LAST })
    expect(asked).toEqual([{ service: barman, argv: ['ls', '-d', '--', ...PLACES] }])
  })

  test('is handed over where the archiver had left it, and that is told', async () => {
    const { node, context, secure } = worldOf(found(PLACES[0]))
    node.waitingWal = ['00000001000000000000000A', LAST]
    await secure()
    expect(context.messages).toEqual([
      `Handed 00000001000000000000000A to the archive`,
      `Handed ${LAST} to the archive`,
    ])
  })

  test('is waited for, also while the container of Barman is away', async () => {
    const { asked, secure } = worldOf(GONE, KILLED, GONE, found(PLACES[2]))
    await secure()
    expect(asked).toHaveLength(4)
  })

  test('is not given up where its last segment is in none of them', async () => {
    const { secure } = worldOf(GONE)
    await expect(secure()).rejects.toMatchObject({
      code: 'NOT_ARCHIVED',
      message: expect.stringContaining(`${LAST} is in none of incoming, streaming, wals`),
    })
  })

  test('is not given up where no look is possible', async () => {
    const { secure } = worldOf({ exitCode: 1, stdout: '', stderr: 'ls: reading directory: Input/output error' })
    await expect(secure()).rejects.toMatchObject({
      code: 'NODE_COMMAND_FAILED',
      message: expect.stringContaining('Input/output error (exit code 1)'),
    })
  })

  test('is not handed over by one that was not shut down cleanly', async () => {
    const { node, secure } = worldOf(found(PLACES[0]))
    node.control = controlData({ state: 'in production' })
    node.waitingWal = [LAST]
    await expect(secure()).rejects.toMatchObject({ code: 'UNCLEAN_STOP' })
    expect(node.waitingWal).toEqual([LAST])
  })
})

describe('where a history ended', () => {
  test('is where the segment of the shutdown checkpoint begins; the one before is the last to be archived', () => {
    expect(endOf({ checkpointLsn: '0/C000028', timeline: 1 })).toEqual({
      timeline: 1,
      lsn: '0/C000000',
      lastWal: '00000001000000000000000B',
    })
    expect(endOf({ checkpointLsn: '2/28', timeline: 3 }).lastWal).toBe('0000000300000001000000FF')
  })
})
