import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reportExactness } from '../support/faults/exactness-report.ts'
import {
  askedFor,
  CLIENTS,
  type ExactnessHistory,
  expectPasswordsSet,
  forgetHistory,
  makeHistory,
  perform,
  wake,
  write,
} from '../support/load/exactness-history.ts'
import {
  beganAt,
  type Expected,
  expectedAt,
  faultsOf,
  hadOtherPasswords,
  keyOf,
  type Way,
  wayTo,
} from '../support/load/expected-content.ts'
import {
  before,
  type NumberedContent,
  readNumbered,
  startNumberedWriters,
  tablesOf,
} from '../support/load/numbered-writers.ts'
import { type RandomTarget, randomTarget, readWindows, TARGET_KINDS } from '../support/load/random-target.ts'
import { randomOf, seedOfRun } from '../support/load/shuffle.ts'
import { forgetWalHistories, readWalHistory, type WalHistory } from '../support/load/wal-oracle.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName } from '../support/stack/cluster-facts.ts'
import { discardRecoveries } from '../support/stack/discard-recoveries.ts'
import { NODES, onEveryNode } from '../support/stack/every-node.ts'
import {
  differences,
  type OutsideFiles,
  type OwnPlace,
  placeOfRehearsal,
  placeOnNode,
  readOutsideFiles,
} from '../support/stack/outside-files.ts'
import { OWN_SESSION } from '../support/stack/own-session.ts'
import { type RecoveryView, recover, recoveryOf } from '../support/stack/recovery-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'

/** How many targets: HOWDAH_TARGETS, or `npm run test:exactness -- 200`. */
const COUNT = Number(process.env['HOWDAH_TARGETS'] ?? 8)
/** So often is drawn again for a target that lies where it is to lie. */
const TRIES = 2_000
const confirm = 'patroni'

const facts = stack()
const seed = seedOfRun()
const random = randomOf(seed)
let api: ApiClient
let history: ExactnessHistory
const wals = new Map<number, WalHistory>()
let outside: OutsideFiles

beforeAll(async () => {
  console.info(`seed ${seed}, ${COUNT} targets`)
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  history = await makeHistory({ facts, api, seed, random })
  const windows = await ownWindows()
  for (const timeline of new Set(windows.map((window) => window.timeline))) {
    wals.set(timeline, await readWalHistory(facts, { server: 'patroni', timeline, from: history.startLsn }))
  }
  await facts.exec('barman', ['mkdir', '-p', '-m', '700', '/var/lib/barman/recoveries'], 'barman')
  outside = await readOutsideFiles(facts)
}, 900_000)
afterAll(async () => {
  await discardRecoveries({ api })
  await forgetWalHistories(facts)
  await forgetHistory({ facts, api })
  api.close()
}, 600_000)

async function ownWindows() {
  return (await readWindows(api)).filter(({ backup }) => history.backupIds.includes(backup.backupId))
}

interface Drawn {
  readonly target: RandomTarget
  readonly wal: WalHistory
  readonly expected: Expected
  /** From the base backup of its window. */
  readonly way: Way
}

/** One in four targets each lies after a raised parameter, a new or dropped tablespace, another password. */
const PLACES: readonly ((drawn: Drawn) => boolean)[] = [
  ({ target, way }) => target.backup !== null && way.raised.length > 0,
  ({ target, way }) => target.backup !== null && way.tablespaceChanges > 0,
  ({ expected }) => hadOtherPasswords(expected, history),
  () => true,
]

async function draw(
  lies: (drawn: Drawn) => boolean,
  kinds: typeof TARGET_KINDS | readonly ['time'] = TARGET_KINDS,
  timelines: readonly number[] = [...wals.keys()],
): Promise<Drawn> {
  const windows = (await ownWindows()).filter(({ timeline }) => timelines.includes(timeline))
  for (let tries = 0; tries < TRIES; tries += 1) {
    const window = windows[Math.floor(random() * windows.length)]
    const kind = kinds[Math.floor(random() * kinds.length)]
    const wal = window === undefined ? undefined : wals.get(window.timeline)
    if (window === undefined || kind === undefined || wal === undefined) continue
    const target = randomTarget(kind, window, wal, random)
    if (target === null) continue
    const expected = expectedAt(wal, target.oracle, history.startLsn)
    const drawn = { target, wal, expected, way: wayTo(wal, beganAt(window.backup), expected) }
    if (lies(drawn)) return drawn
  }
  throw new Error(`seed ${seed}: no such target in ${TRIES} tries`)
}

async function contentOf({ connection }: RecoveryView): Promise<NumberedContent> {
  if (connection === null) throw new Error('no connection is published')
  const client = new pg.Client({ ...connection, options: OWN_SESSION })
  await client.connect()
  try {
    return await readNumbered(async (sql) => {
      const { rows } = await client.query<[string]>({ text: sql, rowMode: 'array' })
      return rows[0]?.[0] ?? ''
    })
  } finally {
    await client.end()
  }
}

/** Compares with what was there before; what was found now is what the next is compared with. Answers how many files. */
async function expectOutsideUnchanged(own: OwnPlace | null): Promise<number> {
  const earlier = outside
  outside = await readOutsideFiles(facts, own)
  expect(differences(earlier, outside).slice(0, 50), 'files outside of the copy').toEqual([])
  return outside.size
}

/** From the base backup that was taken, which Howdah may have chosen. */
async function wayOf({ backupId }: RecoveryView, { wal, expected, way }: Drawn): Promise<Way> {
  const taken = (await readWindows(api)).find(({ backup }) => backup.backupId === backupId)
  return taken === undefined ? way : wayTo(wal, beganAt(taken.backup), expected)
}

describe('a rehearsal is exact', () => {
  test.each(Array.from({ length: COUNT }, (_, index) => index + 1))('target %i', async (index) => {
    const drawn = await draw(PLACES[(index - 1) % PLACES.length] ?? (() => true))
    const { input, backup: named, window, oracle } = drawn.target
    const said = `${JSON.stringify(input)} from ${named ?? 'whichever backup'}`
    await waitForNothingRunning(api)
    const request = { target: input, ...(named === null ? {} : { backup: named }) }
    let made: string | null = null
    try {
      const { id, recovery, events } = await recover(api, 'rehearseRecovery', request)
      made = id
      const compared = await expectOutsideUnchanged(placeOfRehearsal(id))
      const content = await contentOf(recovery)
      expect(faultsOf(content, drawn.expected, history)).toEqual([])
      expect(recovery.verification?.checks.filter(({ status }) => status === 'FAILED')).toEqual([])
      expect(recovery.verification?.checks).toContainEqual(expect.objectContaining({ name: 'target', status: 'OK' }))
      const way = await wayOf(recovery, drawn)
      const asked = askedFor(events)
      expect(asked, 'what the WAL asks for').toEqual(expect.arrayContaining([...way.raised]))
      await reportExactness({
        kind: oracle.kind,
        backupType: window.backup.type,
        timeline: window.timeline,
        rows: content.rows.length,
        tablespaces: content.placed.length,
        tablespaceChanges: way.tablespaceChanges,
        askedFor: asked,
        otherPasswords: hadOtherPasswords(drawn.expected, history),
        outsideFiles: compared,
        said,
      })
    } catch (error) {
      throw new Error(`seed ${seed}, ${said}: ${error instanceof Error ? error.message : error}`, { cause: error })
    } finally {
      if (made !== null) await perform(api, 'discardRecovery', { recovery: made })
    }
  })
})

describe('a copy on a node', () => {
  test('is exact, and touches nothing outside of its own directory, nor does its removal', async () => {
    const drawn = await draw(({ way }) => way.tablespaceChanges > 0, ['time'], [newestTimeline()])
    const { input, window } = drawn.target
    const leader = await leaderName(api)
    const node = NODES.find((name) => name !== leader) ?? ''
    await waitForNothingRunning(api)
    const request = { target: input, node, cutOver: 'MANUAL', confirm }
    const { id, recovery, events } = await recover(api, 'recoverCluster', request)
    const compared = await expectOutsideUnchanged(placeOnNode(node, id))
    const content = await contentOf(recovery)
    expect(faultsOf(content, drawn.expected, history)).toEqual([])
    await perform(api, 'discardRecovery', { recovery: id })
    await expectOutsideUnchanged(null)
    await reportExactness({
      kind: 'recoverCluster, discardRecovery',
      backupType: window.backup.type,
      timeline: window.timeline,
      rows: content.rows.length,
      tablespaces: content.placed.length,
      tablespaceChanges: (await wayOf(recovery, drawn)).tablespaceChanges,
      askedFor: askedFor(events),
      otherPasswords: hadOtherPasswords(drawn.expected, history),
      outsideFiles: compared,
      said: JSON.stringify(input),
    })
  })
})

const newestTimeline = () => Math.max(...wals.keys())
const everywhere = () => onEveryNode(facts, (name) => readNumbered((sql) => facts.sql(name, sql)))

describe('the whole cluster', () => {
  test('is recovered exactly, and undone to the row, with writers all along', async () => {
    await waitForNothingRunning(api)
    await wake(facts)
    // What it goes back to has other passwords than the stack has now.
    const drawn = await draw(({ expected }) => hadOtherPasswords(expected, history), ['time'], [newestTimeline()])
    const { target, wal, expected } = drawn

    const writers = await startNumberedWriters(facts, CLIENTS)
    try {
      await write(writers)
      const leader = await leaderName(api)
      const node = NODES.find((name) => name !== leader)
      const made = await recover(api, 'recoverCluster', { target: target.input, node, cutOver: 'MANUAL', confirm })
      await write(writers)
      const kept = [...writers.acknowledged]
      expectPasswordsSet((await perform(api, 'cutOverRecovery', { recovery: made.id, confirm })).events)
      await write(writers)
      await writers.stop()
      await waitForHealthyCluster(api)

      const recovered = await everywhere()
      const first = Math.min(...writers.acknowledged.map(({ n }) => n))
      for (const content of recovered) {
        expect(content).toEqual(recovered[0])
        expect(faultsOf(before(first, content), expected, history)).toEqual([])
      }
      const since = (recovered[0]?.rows ?? []).filter(({ n }) => n >= first)
      expect(since.length, 'transactions since the cut-over').toBeGreaterThan(0)

      await perform(api, 'undoRecovery', { recovery: made.id, confirm })
      await waitForHealthyCluster(api)
      const commits = new Set(wal.events.map(keyOf))
      const whole = [...history.acknowledged.filter((each) => commits.has(keyOf(each))), ...kept]
      const undone = await everywhere()
      for (const content of undone) {
        const there = new Set(content.rows.map(keyOf))
        expect(
          whole.filter((each) => !there.has(keyOf(each))),
          'missing after the undo',
        ).toEqual([])
        expect(
          since.filter((each) => there.has(keyOf(each))),
          'not taken back by the undo',
        ).toEqual([])
        expect(content.tables).toEqual(tablesOf(content.rows.map(({ n }) => n)))
        expect(content.placed).toEqual(undone[0]?.placed)
        for (const { table, numbers } of content.placed) {
          expect(numbers).toEqual(content.rows.flatMap(({ n, place }) => (place === table ? [n] : [])))
        }
      }
      const { downtimeSeconds } = await recoveryOf(api, made.id)
      await reportExactness({
        kind: 'recoverCluster, undoRecovery',
        backupType: target.window.backup.type,
        timeline: target.window.timeline,
        rows: whole.length,
        tablespaces: recovered[0]?.placed.length ?? 0,
        tablespaceChanges: (await wayOf(made.recovery, drawn)).tablespaceChanges,
        askedFor: askedFor(made.events),
        otherPasswords: true,
        outsideFiles: null,
        said: `${JSON.stringify(target.input)}; writes failed for ${downtimeSeconds} s in the cut-over`,
      })
    } finally {
      await writers.stop()
    }
    await waitForNothingRunning(api)
  }, 600_000)
})
