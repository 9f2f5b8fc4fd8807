import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createNodeData } from '../../../../src/clients/agent/create-node-data.ts'
import type { NodeData } from '../../../../src/clients/agent/node-data.ts'
import type { ExecRequest, ExecResult } from '../../../../src/clients/docker/docker-exec.ts'

const AGENT = resolve(import.meta.dirname, '../../../../docker/agent')

function nodeSaying(said: Partial<ExecResult>) {
  const requests: ExecRequest[] = []
  const node = createNodeData({
    docker: {
      async run(request) {
        requests.push(request)
        return { exitCode: 0, stdout: '', stderr: '', ...said }
      },
    },
    container: 'x-db2',
    service: 'db2',
  })
  return { node, requests }
}

const PLACES = { live: '/l', copy: '/c', previous: '/p' }
const SWAP = '{"live":"/l","copy":"/c","previous":"/p"}'
const WHOLE = { read: 'WHOLE', systemIdentifier: '7', state: 'shut down', checkpointLsn: '0/C000028', timeline: 3 }
const LEFT = [{ timeline: 1, lsn: '0/9000000', reason: 'no recovery target specified' }]
const HUNG = { patroni: true, postgres: { accepts: false, processes: ['postgres: walsender'] }, control: null }
const ENDED = { patroni: false, postgres: null, control: 'shut down' }

/** What is asked of the node, of whom, with what words, for how many seconds; what is said, and what that is to callers. */
type Row = [
  keyof NodeData,
  (node: NodeData) => Promise<unknown>,
  'postgres' | 'root',
  string[],
  number,
  object,
  unknown,
]
const rows: Row[] = [
  ['liveDirectory', (node) => node.liveDirectory(), 'root', ['live-directory'], 60, { directory: '/d' }, '/d'],
  ['origin', (node) => node.origin(), 'root', ['origin'], 10, { checksum: '0a1b' }, '0a1b'],
  ['origin', (node) => node.origin(), 'root', ['origin'], 10, { checksum: null }, null],
  ['controlData', (node) => node.controlData('/d'), 'postgres', ['control', '/d'], 60, WHOLE, WHOLE],
  [
    'controlData',
    (node) => node.controlData('/d'),
    'postgres',
    ['control', '/d'],
    60,
    { read: 'PARTIAL', missing: 'x' },
    { read: 'PARTIAL', missing: 'x' },
  ],
  [
    'history',
    (node) => node.history('/d', 3),
    'postgres',
    ['history', '{"directory":"/d","timeline":3}'],
    60,
    { left: LEFT },
    LEFT,
  ],
  [
    'handOverWal',
    (node) => node.handOverWal('/d'),
    'postgres',
    ['hand-over-wal', '/d'],
    600,
    { handedOver: ['00000003.history'] },
    ['00000003.history'],
  ],
  ['size', (node) => node.size('/p'), 'root', ['size', '/p'], 600, { bytes: 4096 }, 4096],
  ['removePrevious', (node) => node.removePrevious('/p'), 'postgres', ['remove-previous', '/p'], 600, {}, undefined],
  [
    'swapProgress',
    (node) => node.swapProgress(PLACES),
    'postgres',
    ['swap-progress', SWAP],
    60,
    { progress: 'HALF' },
    { progress: 'HALF' },
  ],
  [
    'swapProgress',
    (node) => node.swapProgress(PLACES),
    'postgres',
    ['swap-progress', SWAP],
    60,
    { progress: 'UNEXPECTED', seen: '/l is not there' },
    { progress: 'UNEXPECTED', seen: '/l is not there' },
  ],
  ['checkSwap', (node) => node.checkSwap(PLACES), 'postgres', ['swap-check', SWAP], 60, {}, undefined],
  ['swap', (node) => node.swap(PLACES), 'postgres', ['swap', SWAP], 60, {}, undefined],
  ['swapBack', (node) => node.swapBack(PLACES), 'postgres', ['swap-back', SWAP], 60, {}, undefined],
  ['keptDownBy', (node) => node.keptDownBy(), 'root', ['kept-down-by'], 60, { by: '' }, ''],
  ['keptDownBy', (node) => node.keptDownBy(), 'root', ['kept-down-by'], 60, { by: null }, null],
  ['isPatroniStarted', (node) => node.isPatroniStarted(), 'root', ['patroni-started'], 60, { started: true }, true],
  ['startPatroni', (node) => node.startPatroni(), 'root', ['start-patroni'], 60, { stopping: false }, 'STARTED'],
  ['startPatroni', (node) => node.startPatroni(), 'root', ['start-patroni'], 60, { stopping: true }, 'STOPPING'],
  ...[HUNG, ENDED].map(
    (stopping): Row => [
      'stopPatroni',
      (node) => node.stopPatroni({ by: 'op', seconds: 10 }),
      'root',
      ['stop-patroni', '{"by":"op","seconds":10}'],
      30,
      stopping,
      stopping,
    ],
  ),
  ['endPatroni', (node) => node.endPatroni(), 'root', ['end-patroni'], 60, {}, undefined],
  ['stopPostgres', (node) => node.stopPostgres(), 'root', ['stop-postgres'], 60, {}, undefined],
  ['endBoth', (node) => node.endBoth(), 'root', ['end-both'], 60, {}, undefined],
]

test.each(rows)('%s asks the container once, and answers what it says', async (...row) => {
  const [, ask, user, words, seconds, said, answer] = row
  const { node, requests } = nodeSaying({ stdout: `${JSON.stringify(said)}\n` })
  expect(await ask(node)).toEqual(answer)
  const as = user === 'root' ? {} : { user }
  expect(requests).toEqual([{ container: 'x-db2', argv: ['howdah-data', ...words], timeoutMs: seconds * 1000, ...as }])
})

test('nothing that a caller knows besides is told to a program that takes nothing else', async () => {
  const { node, requests } = nodeSaying({ stdout: '{}' })
  const cutOver = { ...PLACES, recovery: 'r1' }
  await node.swap(cutOver)
  expect(requests[0]?.argv).toEqual(['howdah-data', 'swap', SWAP])
})

describe('the program', () => {
  const words = rows.map(([, , , [verb = '', ...given]]) => [verb, given] as const)

  test.each(words)('has the verb %s, with as many arguments', async (verb, { length }) => {
    const usage = readFileSync(`${AGENT}/howdah/data/cli.py`, 'utf8')
    expect(usage).toMatch(new RegExp(`howdah-data ${verb} ${length === 0 ? ' ' : '[A-Z]'}`))
  })

  test.each(words.filter(([, [given = '']]) => given.startsWith('{')))('takes %s as it is asked', async (...asked) => {
    const [verb, given] = asked
    // These are no directories of a node's: whatever it says is about them, and not about how it was asked.
    const env = { ...process.env, PYTHONPATH: AGENT, PYTHONDONTWRITEBYTECODE: '1', PATRONI_POSTGRESQL_DATA_DIR: '/d' }
    const script = `from howdah.data import cli, patroni; patroni.SERVICE = '/no/such/directory'; cli.main()`
    const said = await new Promise<string>((done) => {
      execFile('python3', ['-c', script, verb, ...given], { env }, (_error, _stdout, stderr) => done(stderr))
    })
    expect(said).toMatch(/^howdah-data: .*(no place for|No such file|there is no)/)
  })
})

describe('what is refused or fails', () => {
  test.each([
    [
      'its own words',
      { exitCode: 1, stderr: 'howdah-data: /etc is no previous data\n' },
      'howdah-data: /etc is no previous data (exit code 1)',
    ],
    [
      'what Docker says',
      { exitCode: 127, stdout: 'OCI runtime exec failed\r\n' },
      'OCI runtime exec failed (exit code 127)',
    ],
    ['that it said nothing', { exitCode: 137 }, 'no words (exit code 137)'],
  ])('is told with %s', async (_, said, words) => {
    await expect(nodeSaying(said).node.removePrevious('/etc')).rejects.toMatchObject({
      code: 'NODE_COMMAND_FAILED',
      message: `howdah-data in db2: ${words}`,
      diedWithContainer: said.exitCode === 137,
    })
  })

  test.each(['', 'not JSON', '{"patroni": false}', '[]'])('an answer %j is not taken for an end', async (stdout) => {
    await expect(nodeSaying({ stdout }).node.stopPatroni({ by: 'op', seconds: 10 })).rejects.toMatchObject({
      code: 'UNEXPECTED_ANSWER',
    })
  })
})
