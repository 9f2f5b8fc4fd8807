import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Timestamp } from '../../src/domain/timestamp.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { discardRecoveries } from '../support/stack/discard-recoveries.ts'
import { requestOperation } from '../support/stack/operation-client.ts'
import { recover, rows } from '../support/stack/recovery-client.ts'
import { archive, fullBackup, insert } from '../support/stack/recovery-moments.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'

const facts = stack()
let api: ApiClient
let folder = ''
let backup = ''
/** Of row 2, whose commit has microseconds that a millisecond does not have. */
let committed = ''

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await discardRecoveries({ api })
  folder = await mkdtemp(join(tmpdir(), 'howdah-times-'))
  await writeFile(join(folder, 'token'), facts.tokens.admin, { mode: 0o600 })
  await leaderSql(facts, 'CREATE TABLE timed (n int)')
  backup = await fullBackup(api)
  await insert(facts, 'timed VALUES (1)')
  // Nearly every commit is; one in a thousand is not.
  do {
    await leaderSql(facts, 'DELETE FROM timed WHERE n = 2')
    committed = (await insert(facts, 'timed VALUES (2)')).time
  } while (committed.endsWith('000Z'))
  await insert(facts, 'timed VALUES (3)')
  await archive({ facts, api }, { time: committed })
})
afterEach(() => discardRecoveries({ api }))
afterAll(async () => {
  await leaderSql(facts, 'DROP TABLE IF EXISTS timed')
  await rm(folder, { recursive: true })
  await api.close()
})

const microseconds = () => Timestamp.parse(committed).microseconds
const shifted = (by: bigint) => Timestamp.fromMicroseconds(microseconds() + by).toString()

describe("a recovery to a commit's very microsecond", () => {
  test.each([
    ['that time, inclusive', () => ({ time: committed }), ['1', '2']],
    ['that time, exclusive', () => ({ time: committed, inclusive: false }), ['1']],
    ['one microsecond before', () => ({ time: shifted(-1n) }), ['1']],
    ['one microsecond behind, exclusive', () => ({ time: shifted(1n), inclusive: false }), ['1', '2']],
  ])('%s', async (_, target, expected) => {
    const { recovery } = await recover(api, 'rehearseRecovery', { target: target(), backup })
    expect(await rows(recovery, 'SELECT n FROM timed ORDER BY n')).toEqual(expected)
    expect(recovery.verification).toMatchObject({ passed: true })
    expect(recovery.verification?.checks.find(({ name }) => name === 'target')).toMatchObject({ status: 'OK' })
  })
})

/** The commit's time as programs print it; each is the same instant. */
function printed(): [form: string, text: string][] {
  const at = (hours: number) =>
    Timestamp.fromMicroseconds(microseconds() + BigInt(hours) * 3_600_000_000n)
      .toString()
      .replace('T', ' ')
      .replace('Z', '')
  return [
    ['psql in UTC', `${at(0)}+00`],
    ['psql an hour further east', `${at(1)}+01`],
    ['psql further west', `${at(-3)}-03`],
    ["PostgreSQL's log and pg_waldump", `${at(0)} UTC`],
    ['date +%z', `${at(2)}+0200`],
    ['what programs write', `${at(5).replace(' ', 'T')}+05:00`],
  ]
}

describe('a time as psql, the logs and pg_waldump print it', () => {
  test('is taken by canRecoverTo and by a recovery, to the microsecond', async () => {
    for (const [form, time] of printed()) {
      const { cluster } = await api.query<{ cluster: { backupServer: { canRecoverTo: { recoverable: boolean } } } }>(
        `query ($target: RecoveryTargetInput!) { cluster { backupServer { canRecoverTo(target: $target) { recoverable } } } }`,
        { target: { time } },
      )
      expect(cluster.backupServer.canRecoverTo, form).toEqual({ recoverable: true })
      const { plan, refusals } = await requestOperation(api, 'rehearseRecovery', { target: { time }, dryRun: true })
      expect(refusals, form).toEqual([])
      expect(plan?.summary, form).toContain(committed)
    }
  })

  test('is taken by perform_pitr.sh, to the microsecond', async () => {
    for (const [form, time] of printed()) {
      const { code, output, errors } = await performPitr('--target-time', time, '--rehearse', '--dry-run')
      expect({ form, code, errors }).toEqual({ form, code: 0, errors: '' })
      expect(output, form).toContain(committed)
    }
  })

  test('is refused by both where it has no zone, saying so', async () => {
    const zoneless = printed()[0]?.[1].replace('+00', '') ?? ''
    for (const time of [zoneless, zoneless.replace(' ', 'T')]) {
      const { refusals } = await requestOperation(api, 'rehearseRecovery', { target: { time }, dryRun: true })
      expect(refusals).toMatchObject([{ code: 'BAD_TARGET', field: 'target', message: expect.stringMatching(/zone/) }])
      expect(refusals[0]?.remedy).toContain('+00')
      const { code, errors } = await performPitr('--target-time', time, '--rehearse', '--dry-run')
      expect(code).toBe(2)
      expect(errors).toMatch(/zone/)
    }
  })
})

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

function performPitr(...args: string[]): Promise<Ended> {
  const where = ['--url', facts.apiUrl, '--token-file', join(folder, 'token')]
  const child = spawn('scripts/perform_pitr.sh', ['--server', 'patroni', ...args, ...where], { stdio: 'pipe' })
  const ended = { code: null as number | null, output: '', errors: '' }
  child.stdout.on('data', (chunk) => {
    ended.output += chunk
  })
  child.stderr.on('data', (chunk) => {
    ended.errors += chunk
  })
  child.stdin.end()
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...ended, code }))
  })
}
