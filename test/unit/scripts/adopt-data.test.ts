import { expect, it } from 'vitest'
import { checkAdoptable, setOnData } from '../../../scripts/lib/adopt-data.mjs'
import { openStack } from '../../../scripts/lib/settings.mjs'
import { fakeDockerCommand } from '../../support/fakes/fake-docker-command.ts'
import { fakeStackDocker } from '../../support/fakes/fake-stack-docker.ts'

const passwords = { postgres: "it's", replicator: 'r', barman: 'b', howdah: 'h' }
type Ends = Readonly<Record<string, string>>
const SERVICES = ['etcd1', 'db1', 'db2', 'barman', 'api']

/** Two nodes, of which db2 leads: at once, or once it logs in by its own socket, or never. `ends`: what they say how far their data goes. */
function fakeNodes(
  leads: 'at once' | 'after an election' | 'by socket' | 'never',
  {
    pause = false,
    refusals = 0,
    replaysAfter = 0,
    keptDown = '',
    ends = { db1: '30 1023', db2: '30 1024' } as Ends,
  } = {},
) {
  const log: string[] = []
  const bySocket = new Set<string>()
  let looks = 0
  const fake = fakeDockerCommand([
    [
      /^volume (rm|create) /,
      ({ args }) => {
        if (args[1] === 'create') log.push('mark')
        return ''
      },
    ],
    [/^ps /, () => 'db1\ndb2'],
    [/^inspect /, () => ['db1', 'db2'].map((name) => [name, name, 'true', 'h', 'i', 'n'].join('\t')).join('\n')],
    [
      /http-ok 8008 \/primary$/,
      ({ args }) =>
        args[1] === 'db2' &&
        (leads === 'at once' ||
          (leads === 'after an election' && ++looks > 2) ||
          (leads === 'by socket' && bySocket.has('db2')))
          ? ''
          : { code: 1, output: '' },
    ],
    [/^exec db\d bash -c .*\/cluster/s, () => JSON.stringify({ members: [], pause })],
    [/^exec db\d test -e .*\/down$/, ({ args }) => (args[1] === keptDown ? '' : { code: 1, output: '' })],
    [
      /^exec db\d bash -c .*pg_control_checkpoint/s,
      ({ args }) => ends[args[1] ?? ''] ?? { code: 2, output: 'no server' },
    ],
    [
      /^exec db\d bash -c/,
      ({ args }) => {
        const on = args.join(' ').includes('force-restart')
        log.push(`${args[1]} ${on ? 'by socket' : 'by password'}`)
        if (on) bySocket.add(args[1] ?? '')
        return ''
      },
    ],
    [
      /^exec --interactive db1 bash -c .* bash postgres$/s,
      () => (replaysAfter-- > 0 ? { code: 2, output: 'password authentication failed for user "postgres"' } : '1'),
    ],
    [/^exec --interactive db2 bash -c .* bash postgres$/s, () => '1'],
    [
      /^exec --interactive .* psql /,
      ({ args }) => {
        if (refusals-- > 0) return { code: 2, output: 'ERROR:  cannot execute ALTER ROLE in a read-only transaction' }
        log.push(`passwords on ${args.find((argument) => /^db\d$/.test(argument))}`)
        return ''
      },
    ],
  ])
  const compose = {
    run: async (args: readonly string[]) => {
      if (args[0] === 'config') return SERVICES.map((service) => `${service} ${'0'.repeat(64)}`).join('\n')
      log.push(args.join(' '))
      return ''
    },
  }
  const adoption = {
    project: 'howdah',
    docker: fake.docker,
    note: () => undefined,
    passwords,
    compose,
    electionMs: leads === 'after an election' ? 10_000 : 0,
    timeoutMs: 50,
    intervalMs: 1,
  }
  return { ...fake, log, adoption }
}

it('sets nothing on a paused cluster, whose leader could not be made again', async () => {
  const { adoption, log } = fakeNodes('at once', { pause: true })
  await expect(setOnData(adoption)).rejects.toThrow(/paused/)
  expect(log).toEqual([])
})

it('asks the node that leads, by its own socket, and makes nothing again before', async () => {
  const { adoption, log, calls } = fakeNodes('at once')
  expect(await setOnData(adoption)).toEqual({ wereServing: true })
  expect(log).toEqual(['mark', 'passwords on db2'])
  const [psql] = calls.filter(({ input }) => input !== undefined)
  expect(psql?.input).toContain("'it''s'")
  expect(psql?.args.join(' ')).toContain('-U postgres -d postgres')
  // No command line shows a password.
  expect(JSON.stringify(calls.map(({ args }) => args))).not.toContain("it's")
})

it('waits for an election that goes on, and takes no node down', async () => {
  const { adoption, log } = fakeNodes('after an election')
  expect(await setOnData(adoption)).toEqual({ wereServing: true })
  expect(log).toEqual(['mark', 'passwords on db2'])
})

it('lets nodes in by their own socket where none leads, and takes that back', async () => {
  const { adoption, log } = fakeNodes('by socket')
  expect(await setOnData(adoption)).toEqual({ wereServing: false })
  expect(log).toEqual([
    'mark',
    'up -d --no-build --no-deps --force-recreate etcd1 db1 db2',
    'db2 by socket',
    'passwords on db2',
    'db1 by socket',
    'db2 by password',
    'db1 by password',
    'up -d --no-build --no-deps --force-recreate barman api',
  ])
})

it.each([
  ['its position', { db1: '30 9', db2: '30 10' }],
  ['its timeline', { db1: '30 10', db2: '31 9' }],
  ['that it has data', { db1: '0 0', db2: '1 1' }],
])('lets no node in before the one whose data goes furthest: by %s', async (_, ends) => {
  const { adoption, log } = fakeNodes('by socket', { ends })
  await setOnData(adoption)
  const order = log.filter((line) => line.startsWith('db') || line.startsWith('passwords'))
  expect(order.slice(0, 3)).toEqual(['db2 by socket', 'passwords on db2', 'db1 by socket'])
})

it('lets none in while one does not say how far its data goes', async () => {
  const { adoption, log } = fakeNodes('by socket', { ends: { db2: '30 10', db1: '' } })
  await expect(setOnData(adoption)).rejects.toMatchObject({
    message: expect.stringMatching(/^db1 does not say/),
    remedy: expect.stringMatching(/stop its container/),
  })
  expect(log.join()).not.toContain('by socket')
  const failing = fakeNodes('by socket', { ends: { db2: '30 10' } })
  await expect(setOnData(failing.adoption)).rejects.toMatchObject({ detail: 'no server' })
})

it('leaves one that is kept down as it is, and does not ask it', async () => {
  const { adoption, log } = fakeNodes('by socket', { keptDown: 'db1', ends: { db2: '30 10' } })
  expect(await setOnData(adoption)).toEqual({ wereServing: false })
  expect(log).not.toContain('db1 by socket')
})

it('takes that back on each node once it has replayed them, and not where it does not come to that', async () => {
  const { adoption, log } = fakeNodes('by socket', { replaysAfter: 3 })
  await setOnData(adoption)
  expect(log.filter((line) => line.endsWith('by password')).sort()).toEqual(['db1 by password', 'db2 by password'])
  const never = fakeNodes('by socket', { replaysAfter: Number.POSITIVE_INFINITY })
  expect(await setOnData(never.adoption)).toEqual({ wereServing: false })
  expect(never.log.filter((line) => line.endsWith('by password'))).toEqual(['db2 by password'])
})

it('sets them once the node that was elected takes them', async () => {
  const { adoption, log } = fakeNodes('by socket', { refusals: 2 })
  await setOnData(adoption)
  expect(log.filter((line) => line.startsWith('passwords'))).toEqual(['passwords on db2'])
})

it('says what PostgreSQL said where it never does', async () => {
  const { adoption } = fakeNodes('by socket', { refusals: Number.POSITIVE_INFINITY })
  await expect(setOnData(adoption)).rejects.toMatchObject({ detail: expect.stringMatching(/read-only transaction/) })
})

it('sets nothing where no node comes to lead', async () => {
  const { adoption, log } = fakeNodes('never')
  await expect(setOnData(adoption)).rejects.toMatchObject({ message: expect.stringMatching(/the data is as it was/) })
  expect(log.join()).not.toContain('passwords on')
})

it('is refused without data, and for the data of a cluster with another name', async () => {
  const stack = await openStack({ envFile: '/none', environment: {} })
  await expect(checkAdoptable(stack, fakeStackDocker({}).docker)).rejects.toThrow('There is no data')
  const volumes: readonly [string, string][] = [['howdah_db1_data', 'db1_data']]
  const named = (scope: string) => fakeStackDocker({ volumes, containers: [{ service: 'db1', scope }] }).docker
  await expect(checkAdoptable(stack, named('main'))).rejects.toMatchObject({
    remedy: expect.stringMatching(/PATRONI_SCOPE=main/),
  })
  await checkAdoptable(stack, named('patroni'))
})
