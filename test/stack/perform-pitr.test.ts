import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { discardRecoveries } from '../support/stack/discard-recoveries.ts'
import { untilRecoverable } from '../support/stack/recovery-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'

const facts = stack()
let api: ApiClient
let folder = ''
let lsn = ''

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
  await waitForNothingRunning(api)
  folder = await mkdtemp(join(tmpdir(), 'howdah-pitr-'))
  await writeFile(join(folder, 'token'), facts.tokens.admin, { mode: 0o600 })
  const [point] = await leaderSql<{ lsn: string }>(facts, `SELECT pg_create_restore_point('shell')::text AS lsn`)
  await leaderSql(facts, 'SELECT pg_switch_wal()')
  lsn = point?.lsn ?? ''
  await untilRecoverable(api, { lsn })
})
afterAll(async () => {
  await rm(folder, { recursive: true })
  await discardRecoveries({ api })
  await api.close()
})

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

function performPitr(...args: string[]): Promise<Ended> {
  const where = ['--url', facts.apiUrl, '--token-file', join(folder, 'token')]
  const child = spawn('scripts/perform_pitr.sh', ['--server', 'patroni', ...args, ...where], { stdio: 'pipe' })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  child.stdin.end()
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output, errors }))
  })
}

async function recoveryCount(): Promise<number> {
  const { cluster } = await api.query<{ cluster: { recoveries: { edges: unknown[] } } }>(
    '{ cluster { recoveries(first: 100) { edges { node { id } } } } }',
  )
  return cluster.recoveries.edges.length
}

describe('perform_pitr.sh', () => {
  test('prints the plan of a dry run, and changes nothing', async () => {
    const before = await recoveryCount()
    const { code, output } = await performPitr('--target-lsn', lsn, '--dry-run')
    expect(code).toBe(0)
    expect(output).toMatch(/Recovers patroni to LSN/)
    expect(output).toMatch(/is given up/)
    expect(await recoveryCount()).toBe(before)
  })

  test.each([
    ['a target in the future', ['--target-time', '2100-01-01T00:00:00Z', '--yes'], 3, /future/],
    ['a server that there is not', ['--server', 'other', '--target-lsn', '0/1', '--yes'], 3, /other/],
    ['a time without a zone', ['--target-time', '2026-11-22 15:49:59', '--yes'], 2, /time zone/],
    ['no terminal to ask on', ['--target-immediate'], 2, /--yes/],
  ])('refuses %s before anything is changed', async (_, args, expected, said) => {
    const before = await recoveryCount()
    const { code, errors } = await performPitr(...args)
    expect(code).toBe(expected)
    expect(errors).toMatch(said)
    expect(await recoveryCount()).toBe(before)
  })

  test('rehearses, one JSON document a line, to the recovery that it made', async () => {
    const { code, output, errors } = await performPitr('--target-lsn', lsn, '--rehearse', '--yes', '--json')
    expect(errors).toBe('')
    expect(code).toBe(0)
    const documents = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(documents[0]).toMatchObject({ type: 'plan', cluster: 'patroni' })
    expect(documents.filter(({ type }) => type === 'event').length).toBeGreaterThan(5)
    expect(documents.at(-1)).toMatchObject({
      type: 'result',
      outcome: 'OperationSucceeded',
      recovery: { status: 'READY', connection: { user: 'rehearsal' }, verification: { passed: true } },
    })
  })

  test('recovers the cluster to a moment after its last commit, and cuts over', async () => {
    await leaderSql(facts, 'CREATE TABLE shell AS SELECT n FROM generate_series(1, 100) n')
    const [now] = await leaderSql<{ time: string }>(
      facts,
      `SELECT to_char((clock_timestamp() + interval '5 ms') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time`,
    )
    const time = now?.time ?? ''
    await new Promise((resolve) => setTimeout(resolve, 50))
    await leaderSql(facts, 'SELECT pg_switch_wal()')
    await untilRecoverable(api, { time })
    const { code, output, errors } = await performPitr('--target-time', time, '--yes')
    expect(errors).toBe('')
    expect(code).toBe(0)
    expect(output).toMatch(/is COMPLETED/)
    expect(output).toMatch(/undoRecovery takes it back/)
    await waitForHealthyCluster(api)
    expect(await leaderSql(facts, 'SELECT count(*)::int AS n FROM shell')).toEqual([{ n: 100 }])
    await leaderSql(facts, 'DROP TABLE shell')
  })
})
