import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBarmanReader } from '../../../src/clients/barman/barman-reader.ts'
import { parseListBackups } from '../../../src/clients/barman/parse-backups.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { docker } from '../../support/docker.ts'
import { startContainer, type TestContainer } from '../../support/servers/test-container.ts'
import { waitFor } from '../../support/wait-for.ts'

const CATALOGUE = '/data/pg-backup/patroni/wals/patroni-xlog.db'
// A Barman without PostgreSQL, and the way in that the stack has: one key, one forced command.
const SETUP = `
  mkdir -p /run/sshd /etc/barman.d /run/howdah && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/host_key < /dev/null || true
  printf '%s\\n' '[barman]' 'barman_user = barman' 'barman_home = /data/pg-backup' \\
    'configuration_files_directory = /etc/barman.d' 'log_file = /tmp/barman.log' > /etc/barman.conf
  printf '%s\\n' '[patroni]' 'description = none' 'conninfo = host=127.0.0.1 port=1' 'backup_method = postgres' \\
    'streaming_conninfo = host=127.0.0.1 port=1' 'streaming_archiver = on' 'slot_name = barman' > /etc/barman.d/patroni.conf
  for name in base incoming streaming errors wals; do mkdir -p /data/pg-backup/patroni/$name; done
  chown -R barman:barman /data/pg-backup
  printf 'command="/usr/local/bin/howdah-barman-reader",restrict %s\\n' "$KEY" > /etc/ssh/keys
  exec /usr/sbin/sshd -D -e -f /dev/null -o HostKey=/etc/ssh/host_key -o AuthorizedKeysFile=/etc/ssh/keys -o StrictModes=no`

let directory: string
let container: TestContainer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'howdah-test-'))
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'key')])
  const key = await readFile(join(directory, 'key.pub'), 'utf8')
  const options = ['--env', `KEY=${key.trim()}`]
  container = await startContainer({ image: 'barman', entrypoint: 'bash', options, command: ['-ec', SETUP] })
  const hostKey = await waitFor('a host key', () => container.exec('cat', '/etc/ssh/host_key.pub'))
  await writeFile(join(directory, 'known_hosts'), `barman ${hostKey}\nimpostor ${key}`)
})
afterAll(async () => {
  await container?.remove()
  await rm(directory, { recursive: true, force: true })
})

function connect(hostKeyAlias = 'barman') {
  const told: string[] = []
  const destination = {
    host: container.address,
    port: 22,
    hostKeyAlias,
    user: 'barman',
    keyFile: join(directory, 'key'),
    knownHostsFile: join(directory, 'known_hosts'),
  }
  const reader = createBarmanReader({ server: 'patroni', destination, clock: systemClock })
  reader.start({
    onConnected: () => told.push('connected'),
    onLost: (reason) => told.push(`lost: ${reason}`),
    onEvent: ({ event }) => told.push(event),
  })
  return { reader, told }
}

it('reads what Barman has, and is told of what is new', async () => {
  const { reader, told } = connect()
  await waitFor('the session', () => told.includes('connected'))
  const disk = await reader.disk()
  expect(disk.totalBytes).toBeGreaterThan(disk.freeBytes)
  expect(parseListBackups(await reader.barman(['list-backups', 'patroni']), 'patroni')).toEqual([])
  expect(await reader.directories()).toEqual({ incoming: [], streaming: [], errors: [], base: [] })
  const line = '000000010000000000000001\t16777216\t1700000000.5\tgzip'
  await container.exec('sh', '-c', `printf '${line.replaceAll('\t', '\\t')}\\n' > ${CATALOGUE}`)
  await waitFor('the news', () => told.includes('catalogue'))
  const first = await reader.catalogue({ position: 0, limit: 1000, anchor: null })
  expect(first).toMatchObject({ data: `${line}\n`, position: 0, next: line.length + 1, rewritten: false })
  const second = await reader.catalogue({ position: first.next, limit: 1000, anchor: line })
  expect(second).toMatchObject({ data: '', rewritten: false })
  expect(await reader.catalogue({ position: first.next, limit: 1000, anchor: 'another' })).toMatchObject({
    position: 0,
    rewritten: true,
  })
  await reader.stop()
})

it('may not change anything', async () => {
  const { reader, told } = connect()
  await waitFor('the session', () => told.includes('connected'))
  await expect(reader.barman(['backup', 'patroni'])).rejects.toThrow(/only reading/)
  await reader.stop()
})

it('answers many questions at once, each with its own answer', async () => {
  const { reader, told } = connect()
  await waitFor('the session', () => told.includes('connected'))
  const asked = Array.from({ length: 20 }, (_, n) => reader.barman(['show-backup', 'patroni', `no-${n}`]))
  const answers = await Promise.allSettled(asked)
  expect(
    answers.map((answer) => JSON.stringify(answer.status === 'rejected' ? answer.reason.message : answer.value)),
  ).toEqual(answers.map((_, n) => expect.stringMatching(new RegExp(`no-${n}\\D`))))
  await reader.stop()
})

const READER = ['--full', '^[^ ]*python3 /usr/local/bin/howdah-barman-reader']
/** To the process that has imported Barman, a fork of the reader, once what has answered before is gone. */
async function signalBarman(signal: string): Promise<void> {
  await waitFor('no more than a reader and its Barman', async () => {
    return (await container.exec('pgrep', ...READER)).split('\n').length === 2
  })
  await container.exec('pkill', '--signal', signal, '--newest', ...READER)
}

it.each([
  ['before it is asked', ['KILL'], []],
  ['while a question waits for it', ['STOP'], ['KILL']],
])('ends a session whose Barman was killed %s, and another one answers', async (_, before, behind) => {
  const { reader, told } = connect()
  await waitFor('the session', () => told.includes('connected'))
  await reader.barman(['list-backups', 'patroni'])
  for (const signal of before) await signalBarman(signal)
  const answer = expect(reader.barman(['list-backups', 'patroni'])).rejects.toThrow()
  for (const signal of behind) await signalBarman(signal)
  await answer
  await waitFor('the session again', () => told.filter((word) => word === 'connected').length > 1)
  expect(parseListBackups(await reader.barman(['list-backups', 'patroni']), 'patroni')).toEqual([])
  await reader.stop()
})

it('goes no further when the host is not the known one', async () => {
  const { reader, told } = connect('impostor')
  await waitFor('the refusal', () => told.length > 0)
  expect(told[0]).toBe('lost: Host key verification failed.')
  await expect(reader.disk()).rejects.toThrow(UnreachableError)
  await reader.stop()
})

it('comes back when the other end was away, and leaves no process behind', async () => {
  const { reader, told } = connect()
  await waitFor('the session', () => told.includes('connected'))
  await docker('stop', '--time', '1', container.name)
  await waitFor('the loss', () => told.some((word) => word.startsWith('lost')))
  await expect(reader.disk()).rejects.toThrow(UnreachableError)
  await docker('start', container.name)
  await waitFor('the session again', () => told.at(-1) === 'connected')
  await reader.stop()
  await waitFor('the process to be gone', () => !process.getActiveResourcesInfo().includes('ProcessWrap'))
})
