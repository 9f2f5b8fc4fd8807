import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BackupStatus } from '../../../src/domain/backup/backup.ts'
import { Role } from '../../../src/domain/operation/operation.ts'
import { Timestamp } from '../../../src/domain/timestamp.ts'
import { RecoveryNotVerifiedError } from '../../../src/operations/recovery/recovery-errors.ts'
import { serverOf } from '../../support/builders/backup-server.ts'
import { backupOf } from '../../support/builders/backups.ts'
import { clusterOf, topologyOf } from '../../support/builders/cluster.ts'
import { seen } from '../../support/builders/observed.ts'
import { documentedFiles, writeDocumentedFiles } from '../../support/documented-files.ts'
import { type RunningHowdah, startHowdah } from './running-howdah.ts'

const backups = (...more: Parameters<typeof backupOf>[]) => {
  const whole = backupOf(1, 2, { endTime: Timestamp.fromDate(new Date()), clusterSizeBytes: 20_000_000 })
  return clusterOf({
    backupServers: [serverOf({ backups: seen([whole, ...more.map((each) => backupOf(...each))]) })],
  })
}
const WELL = backups()
const PAUSED = { ...WELL, topology: seen(topologyOf({ paused: true })) }

/** What a chat is told of archiveWals. */
const BEGIN = /^patroni: Files /
const END = /^patroni: .*succeeded$/
const PARTS = ['prepare-recovery', 'restore-backup', 'replay-wal', 'verify-copy', 'publish-copy']

const LANGUAGES = [
  ['curl', 'sh', 'bash'],
  ['Node.js', 'mjs', process.execPath],
] as const

let howdah: RunningHowdah
let files: Awaited<ReturnType<typeof writeDocumentedFiles>>
let webhook: Server
/** What the webhook was told. */
let told: string[] = []
let webhookStatus = 200
let notTaken = 0
let folder = ''
const running = new Set<ChildProcess>()

beforeAll(async () => {
  howdah = await startHowdah(WELL)
  files = await writeDocumentedFiles()
  webhook = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      if (webhookStatus === 200) told.push((JSON.parse(body) as { text: string }).text)
      else notTaken++
      response.writeHead(webhookStatus).end()
    })
  })
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  webhook.close()
  await files.remove()
  await howdah.close()
  expect(howdah.unexpected).toEqual([])
})
beforeEach(async () => {
  told = []
  webhookStatus = 200
  notTaken = 0
  howdah.cluster.change(WELL)
  folder = await mkdtemp(join(tmpdir(), 'howdah-state-'))
})
afterEach(async () => {
  await Promise.all([...running].map((child) => end(child)))
  await rm(folder, { recursive: true })
})

interface Program {
  /** Its exit code, when it has ended. */
  readonly code: Promise<number | null>
  stdout(): string
  stderr(): string
  end(): Promise<void>
}

interface Run {
  readonly role?: Role
  readonly env?: Record<string, string>
}

/** Starts a program of the document, as a person would who has copied it. */
function start(program: string, name: string, { role = Role.OPERATOR, env = {} }: Run = {}): Program {
  const child = spawn(program, [join(files.folder, name)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOWDAH_URL: howdah.url,
      HOWDAH_TOKEN: howdah.token(role),
      HOWDAH_PAUSE: '0.1',
      HOWDAH_STATE: join(folder, 'state'),
      HOWDAH_WEBHOOK: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
      ...env,
    },
  })
  running.add(child)
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  const code = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => {
      running.delete(child)
      resolve(exitCode)
    })
  })
  return { code, stdout: () => said.stdout, stderr: () => said.stderr, end: () => end(child) }
}

/** As a crash would. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

let keys = 0
const newKey = () => `key-${++keys}`
const operations = async (key: string) => {
  const { operations } = await howdah.ask('{ operations { edges { node { id idempotencyKey status } } } }')
  return operations.edges.filter(({ node }: { node: { idempotencyKey: string } }) => node.idempotencyKey === key)
}
/** One operation from its begin to its end. */
const archiveWals = async () => {
  const answer = await howdah.ask('mutation { archiveWals(input: {}) { operation { id } refusals { message } } }')
  const { id } = answer.archiveWals.operation
  const status = async () => (await howdah.ask(`{ operation(id: "${id}") { status } }`)).operation.status
  await expect.poll(status, { timeout: 20_000 }).toBe('SUCCEEDED')
}
const statuses = async () => {
  const { cluster } = await howdah.ask('{ cluster { recoveries { edges { node { status } } } } }')
  return new Set(cluster.recoveries.edges.map(({ node }: { node: { status: string } }) => node.status))
}
/** From then on a feed or an alert misses nothing. */
const hasBegun = () => expect.poll(() => existsSync(join(folder, 'state')), { timeout: 20_000 }).toBe(true)

test('the document has each program in both languages, and what they share', () => {
  const programs = ['howdah', 'nightly-backup', 'chat-feed', 'health-alert', 'weekly-rehearsal']
  const names = LANGUAGES.flatMap(([, extension]) => programs.map((name) => `${name}.${extension}`))
  expect([...documentedFiles().keys()]).toEqual(expect.arrayContaining(names))
})

describe.each(LANGUAGES)('in %s', (_, extension, program) => {
  describe('the nightly backup', () => {
    const name = `nightly-backup.${extension}`

    test('waits for its end through a restart of the API, and prints the backup', async () => {
      const key = newKey()
      let finish: () => void = () => {}
      howdah.script.set('take-backup', async (context) => {
        await new Promise<void>((resolve) => {
          finish = resolve
        })
        howdah.cluster.change(backups([5, 6]))
        context.log('taken')
        return { backupId: '2026000005' }
      })
      const backup = start(program, name, { env: { HOWDAH_KEY: key } })
      await expect.poll(() => backup.stderr(), { timeout: 20_000 }).toContain('Take the base backup')
      await howdah.stopApi()
      finish()
      await howdah.startApi()
      expect(await backup.code).toBe(0)
      expect(JSON.parse(backup.stdout())).toEqual({
        durationSeconds: expect.any(Number),
        backup: { backupId: '2026000005', sizeBytes: 500_000_000, status: 'DONE' },
      })
      // Each event once, in its order.
      expect(backup.stderr().match(/taken/g)).toHaveLength(1)
      expect(backup.stderr().match(/Take the base backup/g)?.length).toBe(2)

      const again = start(program, name, { env: { HOWDAH_KEY: key } })
      expect(await again.code).toBe(0)
      expect(JSON.parse(again.stdout())).toMatchObject({ backup: { backupId: '2026000005' } })
      expect(await operations(key)).toHaveLength(1)
    })

    test('ends with 2 when it is refused, and says why and what to do', async () => {
      howdah.cluster.change(backups([5, 6, { status: BackupStatus.STARTED }]))
      const backup = start(program, name, { env: { HOWDAH_KEY: newKey() } })
      expect(await backup.code).toBe(2)
      expect(backup.stdout()).toBe('')
      expect(backup.stderr()).toMatch(/backup 2026000005 of patroni is being made\s+Wait for it\./)
    })

    test('ends with 1 when the backup fails, and says why', async () => {
      howdah.script.set('take-backup', async () => {
        throw new Error('no space left')
      })
      const backup = start(program, name, { env: { HOWDAH_KEY: newKey() } })
      expect(await backup.code).toBe(1)
      expect(backup.stdout()).toBe('')
      expect(backup.stderr()).toContain('no space left')
    })

    test('ends with 1 without a valid token, and where the role is too low', async () => {
      const unknown = start(program, name, { env: { HOWDAH_KEY: newKey(), HOWDAH_TOKEN: 'wrong' } })
      expect(await unknown.code).toBe(1)
      expect(unknown.stderr()).toMatch(/Unauthorized|Forbidden/)
      const viewer = start(program, name, { role: Role.VIEWER, env: { HOWDAH_KEY: newKey() } })
      expect(await viewer.code).toBe(1)
      expect(viewer.stderr()).toContain('createBackup')
    })

    test('ends with 1 when Howdah does not answer', async () => {
      const env = { HOWDAH_KEY: newKey(), HOWDAH_URL: 'http://127.0.0.1:1/graphql', HOWDAH_PAUSE: '0.01' }
      const backup = start(program, name, { env })
      expect(await backup.code).toBe(1)
      expect(backup.stderr()).toContain('Howdah does not answer at http://127.0.0.1:1/graphql')
    })
  })

  describe('the chat feed', () => {
    const name = `chat-feed.${extension}`

    test('tells each begin and each end once, through restarts of the API, the program and the chat', async () => {
      const both = async (rounds: number) => {
        const expected = Array.from({ length: rounds }, () => [
          expect.stringMatching(BEGIN),
          expect.stringMatching(END),
        ])
        await expect.poll(() => told, { timeout: 20_000 }).toEqual(expected.flat())
      }
      const first = start(program, name, { role: Role.VIEWER })
      await hasBegun()
      await archiveWals()
      await both(1)

      await howdah.stopApi()
      await howdah.startApi()
      await archiveWals()
      await both(2)

      await first.end()
      await archiveWals()
      start(program, name, { role: Role.VIEWER })
      await both(3)

      webhookStatus = 400
      await archiveWals()
      await expect.poll(() => notTaken, { timeout: 20_000 }).toBeGreaterThan(1)
      webhookStatus = 200
      await both(4)
    })

    test('ends with 1 when its cursor is no longer one', async () => {
      await writeFile(join(folder, 'state'), extension === 'sh' ? 'nonsense' : '"nonsense"')
      const feed = start(program, name, { role: Role.VIEWER })
      expect(await feed.code).toBe(1)
      expect(feed.stderr()).toContain('cursor')
    })
  })

  describe('the health alert', () => {
    const name = `health-alert.${extension}`
    const ISSUE = expect.stringMatching(/^DEGRADED CLUSTER_PAUSED: .*resumeCluster/)

    test('tells an issue once, and that it is over, through restarts of the API and the program', async () => {
      const first = start(program, name, { role: Role.VIEWER })
      await hasBegun()
      howdah.cluster.change(PAUSED)
      await expect.poll(() => told, { timeout: 20_000 }).toEqual([ISSUE])
      await howdah.stopApi()
      await howdah.startApi()
      await first.end()
      start(program, name, { role: Role.VIEWER })
      await expect.poll(() => howdah.cluster.listeners, { timeout: 20_000 }).toBe(1)
      howdah.cluster.change(WELL)
      await expect
        .poll(() => told, { timeout: 20_000 })
        .toEqual([ISSUE, expect.stringMatching(/^Over: DEGRADED CLUSTER_PAUSED/)])
    })

    test('tells that Howdah does not answer, and that it does again', async () => {
      start(program, name, { role: Role.VIEWER, env: { HOWDAH_PAUSE: '0.01' } })
      await hasBegun()
      await howdah.stopApi()
      await expect.poll(() => told, { timeout: 30_000 }).toEqual([expect.stringContaining('does not answer')])
      await howdah.startApi()
      await expect.poll(() => told.at(-1), { timeout: 20_000 }).toBe('Howdah answers again')
      expect(told).toHaveLength(2)
    })
  })

  describe('the weekly rehearsal', () => {
    const name = `weekly-rehearsal.${extension}`

    test('prints the seconds of each part, and discards; a second start prints the same', async () => {
      const key = newKey()
      const rehearsal = start(program, name, { env: { HOWDAH_KEY: key } })
      expect(await rehearsal.code).toBe(0)
      const printed = JSON.parse(rehearsal.stdout())
      expect(printed).toMatchObject({ reached: '2026-11-22T15:49:58.123456Z', verified: true })
      expect(Object.keys(printed.parts)).toEqual(PARTS)
      const seconds = PARTS.reduce((sum, part) => sum + printed.parts[part], 0)
      expect(printed.rtoSeconds).toBeGreaterThanOrEqual(seconds)
      expect(await statuses()).toEqual(new Set(['DISCARDED']))

      const again = start(program, name, { env: { HOWDAH_KEY: key } })
      expect(await again.code).toBe(0)
      expect(JSON.parse(again.stdout())).toEqual(printed)
      expect(await operations(key)).toHaveLength(1)
    })

    test('ends with 1 when the data does not pass, and with 2 while another recovery is there', async () => {
      const verify = howdah.script.get('verify-copy') ?? (async () => undefined)
      howdah.script.set('verify-copy', async () => {
        throw new RecoveryNotVerifiedError('checksums: FAILED')
      })
      const failing = start(program, name, { env: { HOWDAH_KEY: newKey() } })
      expect(await failing.code).toBe(1)
      expect(failing.stdout()).toBe('')
      expect(failing.stderr()).toContain('checksums: FAILED')
      howdah.script.set('verify-copy', verify)

      // These steps undo nothing, so its place is taken.
      const refused = start(program, name, { env: { HOWDAH_KEY: newKey() } })
      expect(await refused.code).toBe(2)
      const [, call = 'no call'] = /free its place: (.*)\./.exec(refused.stderr()) ?? []
      await howdah.ask(`mutation { ${call} { refusals { message } } }`)
      await expect.poll(statuses, { timeout: 20_000 }).toEqual(new Set(['DISCARDED']))
    })
  })
})
