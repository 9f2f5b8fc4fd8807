import { existsSync, statSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BackupStatus } from '../../../src/domain/backup/backup.ts'
import { Role } from '../../../src/domain/operation/operation.ts'
import { Timestamp } from '../../../src/domain/timestamp.ts'
import { RecoveryNotVerifiedError } from '../../../src/operations/recovery/recovery-errors.ts'
import { serverOf } from '../../support/builders/backup-server.ts'
import { backupOf } from '../../support/builders/backups.ts'
import { clusterOf, topologyOf } from '../../support/builders/cluster.ts'
import { seen } from '../../support/builders/observed.ts'
import { documentedFiles } from '../../support/documented-files.ts'
import { createProgramRunner, type ProgramRunner } from './program-runner.ts'
import { type RunningHowdah, startHowdah } from './running-howdah.ts'

/** How long a condition is waited for: on a busy machine even what is soon takes seconds. */
const SOON = { timeout: 30_000 }

const backups = (...more: Parameters<typeof backupOf>[]) => {
  const whole = backupOf(1, 2, { endTime: Timestamp.fromDate(new Date()), clusterSizeBytes: 20_000_000 })
  return clusterOf({
    backupServers: [serverOf({ backups: seen([whole, ...more.map((each) => backupOf(...each))]) })],
  })
}
const WELL = backups()
const PAUSED = { ...WELL, topology: seen(topologyOf({ paused: true })) }

/** Operations that can be told from each other: what is asked, and their kind's title, with which their last message begins. */
const ROUNDS = [
  ['archiveWals(input: {})', 'File waiting WAL'],
  ['checkBackupServer(input: {})', 'Check the backup server'],
  ['checkConnectivity(input: {from: "db1", to: "db2"})', 'Check the connection between two services'],
  ['switchWal(input: {})', 'Switch to a new WAL segment'],
] as const
const PARTS = ['prepare-recovery', 'restore-backup', 'replay-wal', 'verify-copy', 'publish-copy']

const LANGUAGES = [
  ['curl', 'sh', 'bash'],
  ['Node.js', 'mjs', process.execPath],
] as const

let howdah: RunningHowdah
let programs: ProgramRunner
beforeAll(async () => {
  howdah = await startHowdah(WELL)
  programs = await createProgramRunner(howdah)
})
afterAll(async () => {
  await programs.close()
  await howdah.close()
  expect(howdah.unexpected).toEqual([])
})
beforeEach(async () => {
  await programs.reset()
  howdah.cluster.change(WELL)
})

let keys = 0
const newKey = () => `key-${++keys}`
const operations = async (key: string) => {
  const { operations } = await howdah.ask('{ operations { edges { node { id idempotencyKey status } } } }')
  return operations.edges.filter(({ node }: { node: { idempotencyKey: string } }) => node.idempotencyKey === key)
}
/** One operation of ROUNDS from its begin to its end. */
const operate = async (round: number) => {
  const answer = await howdah.ask(`mutation { asked: ${ROUNDS[round]?.[0]} { operation { id } refusals { message } } }`)
  expect(answer.asked.refusals).toEqual([])
  const { id } = answer.asked.operation
  const status = async () => (await howdah.ask(`{ operation(id: "${id}") { status } }`)).operation.status
  await expect.poll(status, SOON).toBe('SUCCEEDED')
}
const statuses = async () => {
  const { cluster } = await howdah.ask('{ cluster { recoveries { edges { node { status } } } } }')
  return new Set(cluster.recoveries.edges.map(({ node }: { node: { status: string } }) => node.status))
}
/** From then on a feed or an alert misses nothing. */
const hasBegun = () => expect.poll(() => existsSync(programs.stateFile), SOON).toBe(true)

test('the document has each program in both languages, and what they share', () => {
  const all = ['howdah', 'nightly-backup', 'chat-feed', 'health-alert', 'weekly-rehearsal']
  const names = LANGUAGES.flatMap(([, extension]) => all.map((name) => `${name}.${extension}`))
  expect([...documentedFiles().keys()]).toEqual(expect.arrayContaining(names))
})

describe.each(LANGUAGES)('in %s', (_, extension, interpreter) => {
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
      const backup = programs.start(interpreter, name, { env: { HOWDAH_KEY: key } })
      await expect.poll(() => backup.stderr(), SOON).toContain('Take the base backup')
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

      const again = programs.start(interpreter, name, { env: { HOWDAH_KEY: key } })
      expect(await again.code).toBe(0)
      expect(JSON.parse(again.stdout())).toMatchObject({ backup: { backupId: '2026000005' } })
      expect(await operations(key)).toHaveLength(1)
    })

    test('ends with 2 when it is refused, and says why and what to do', async () => {
      howdah.cluster.change(backups([5, 6, { status: BackupStatus.STARTED }]))
      const backup = programs.start(interpreter, name, { env: { HOWDAH_KEY: newKey() } })
      expect(await backup.code).toBe(2)
      expect(backup.stdout()).toBe('')
      expect(backup.stderr()).toMatch(/backup 2026000005 of patroni is being made\s+Wait for it\./)
    })

    test('ends with 1 when the backup fails, and says why', async () => {
      howdah.script.set('take-backup', async () => {
        throw new Error('no space left')
      })
      const backup = programs.start(interpreter, name, { env: { HOWDAH_KEY: newKey() } })
      expect(await backup.code).toBe(1)
      expect(backup.stdout()).toBe('')
      expect(backup.stderr()).toContain('no space left')
    })

    test('ends with 1 without a valid token, and where the role is too low', async () => {
      const unknown = programs.start(interpreter, name, { env: { HOWDAH_KEY: newKey(), HOWDAH_TOKEN: 'wrong' } })
      expect(await unknown.code).toBe(1)
      expect(unknown.stderr()).toMatch(/Unauthorized|Forbidden/)
      const viewer = programs.start(interpreter, name, { role: Role.VIEWER, env: { HOWDAH_KEY: newKey() } })
      expect(await viewer.code).toBe(1)
      expect(viewer.stderr()).toContain('createBackup')
    })

    test('ends with 1 when Howdah does not answer', async () => {
      const env = { HOWDAH_KEY: newKey(), HOWDAH_URL: 'http://127.0.0.1:1/graphql', HOWDAH_PAUSE: '0.01' }
      const backup = programs.start(interpreter, name, { env })
      expect(await backup.code).toBe(1)
      expect(backup.stderr()).toContain('Howdah does not answer at http://127.0.0.1:1/graphql')
    })
  })

  describe('the chat feed', () => {
    const name = `chat-feed.${extension}`

    test('tells each begin and each end once, through restarts of the API, the program and the chat', async () => {
      const isTold = async (rounds: number) => {
        const expected = ROUNDS.slice(0, rounds).flatMap(([, title]) => [
          expect.stringMatching(new RegExp(`^patroni: (?!${title}: )`)),
          expect.stringMatching(new RegExp(`^patroni: ${title}: `)),
        ])
        await expect.poll(() => programs.told, SOON).toEqual(expected)
      }
      const first = programs.start(interpreter, name, { role: Role.VIEWER })
      await hasBegun()
      await operate(0)
      await isTold(1)

      await howdah.stopApi()
      await howdah.startApi()
      await operate(1)
      await isTold(2)

      // Between telling and keeping, a crash has it told twice.
      const kept = async () => (await readFile(programs.stateFile, 'utf8')).replaceAll('"', '')
      const { feedCursor } = await howdah.ask('{ feedCursor }')
      await expect.poll(kept, SOON).toBe(feedCursor)
      await first.kill()
      await operate(2)
      programs.start(interpreter, name, { role: Role.VIEWER })
      await isTold(3)

      programs.chat.status = 400
      await operate(3)
      await expect.poll(() => programs.chat.notTaken, SOON).toBeGreaterThan(1)
      programs.chat.status = 200
      await isTold(4)
    })

    test('ends with 1 without a valid token, and keeps nothing', async () => {
      const feed = programs.start(interpreter, name, { env: { HOWDAH_TOKEN: 'wrong' } })
      expect(await feed.code).toBe(1)
      expect(feed.stderr()).toMatch(/Unauthorized|Forbidden/)
      expect(existsSync(programs.stateFile)).toBe(false)
    })

    test('ends with 1 when its cursor is no longer one', async () => {
      await writeFile(programs.stateFile, extension === 'sh' ? 'nonsense' : '"nonsense"')
      const feed = programs.start(interpreter, name, { role: Role.VIEWER })
      expect(await feed.code).toBe(1)
      expect(feed.stderr()).toContain('cursor')
    })
  })

  describe('the health alert', () => {
    const name = `health-alert.${extension}`
    const ISSUE = expect.stringMatching(/^DEGRADED CLUSTER_PAUSED: .*resumeCluster/)

    test('tells an issue once, and that it is over, through restarts of the API and the program', async () => {
      const first = programs.start(interpreter, name, { role: Role.VIEWER })
      await hasBegun()
      howdah.cluster.change(PAUSED)
      await expect.poll(() => programs.told, SOON).toEqual([ISSUE])
      await howdah.stopApi()
      await howdah.startApi()
      await first.kill()
      const keptAt = () => statSync(programs.stateFile).mtimeMs
      const before = keptAt()
      programs.start(interpreter, name, { role: Role.VIEWER })
      await expect.poll(keptAt, SOON).toBeGreaterThan(before)
      howdah.cluster.change(WELL)
      await expect
        .poll(() => programs.told, SOON)
        .toEqual([ISSUE, expect.stringMatching(/^Over: DEGRADED CLUSTER_PAUSED/)])
    })

    test('tells that Howdah does not answer, and that it does again', async () => {
      programs.start(interpreter, name, { role: Role.VIEWER, env: { HOWDAH_PAUSE: '0.01' } })
      await hasBegun()
      await howdah.stopApi()
      await expect.poll(() => programs.told, SOON).toEqual([expect.stringContaining('does not answer')])
      await howdah.startApi()
      await expect.poll(() => programs.told.at(-1), SOON).toBe('Howdah answers again')
      expect(programs.told).toHaveLength(2)
    })
  })

  describe('the weekly rehearsal', () => {
    const name = `weekly-rehearsal.${extension}`

    test('prints the seconds of each part, and discards; a second start prints the same', async () => {
      const key = newKey()
      const rehearsal = programs.start(interpreter, name, { env: { HOWDAH_KEY: key } })
      expect(await rehearsal.code).toBe(0)
      const printed = JSON.parse(rehearsal.stdout())
      expect(printed).toMatchObject({ reached: '2026-11-22T15:49:58.123456Z', verified: true })
      expect(Object.keys(printed.parts)).toEqual(PARTS)
      const seconds = PARTS.reduce((sum, part) => sum + printed.parts[part], 0)
      expect(printed.rtoSeconds).toBeGreaterThanOrEqual(seconds)
      expect(await statuses()).toEqual(new Set(['DISCARDED']))

      const again = programs.start(interpreter, name, { env: { HOWDAH_KEY: key } })
      expect(await again.code).toBe(0)
      expect(JSON.parse(again.stdout())).toEqual(printed)
      expect(await operations(key)).toHaveLength(1)
    })

    test('ends with 1 when the data does not pass, and with 2 while another recovery is there', async () => {
      const verify = howdah.script.get('verify-copy') ?? (async () => undefined)
      howdah.script.set('verify-copy', async () => {
        throw new RecoveryNotVerifiedError('checksums: FAILED')
      })
      const failing = programs.start(interpreter, name, { env: { HOWDAH_KEY: newKey() } })
      expect(await failing.code).toBe(1)
      expect(failing.stdout()).toBe('')
      expect(failing.stderr()).toContain('checksums: FAILED')
      howdah.script.set('verify-copy', verify)

      // These steps undo nothing, so its place is taken.
      const refused = programs.start(interpreter, name, { env: { HOWDAH_KEY: newKey() } })
      expect(await refused.code).toBe(2)
      const [, call = 'no call'] = /free its place: (.*)\./.exec(refused.stderr()) ?? []
      await howdah.ask(`mutation { ${call} { refusals { message } } }`)
      await expect.poll(statuses, SOON).toEqual(new Set(['DISCARDED']))
    })
  })
})
