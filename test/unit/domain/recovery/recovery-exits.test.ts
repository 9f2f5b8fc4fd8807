import { describe, expect, test } from 'vitest'
import { excluded } from '../../../../src/admission/submit-refusals.ts'
import type { ClusterSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { type Claim, conflict } from '../../../../src/domain/operation/claim.ts'
import {
  isUnsettled,
  RecoveryMode,
  type RecoveryRecord,
  RecoveryStatus,
} from '../../../../src/domain/recovery/recovery.ts'
import { recoverCall } from '../../../../src/domain/recovery/recovery-exits.ts'
import { type Refusal, refuse } from '../../../../src/domain/refusal.ts'
import { exclusive, resources } from '../../../../src/operations/claims.ts'
import type { PlanContext } from '../../../../src/operations/context.ts'
import { loadOperations } from '../../../../src/operations/load-operations.ts'
import type { OperationInput } from '../../../../src/operations/operation-input.ts'
import { parseOperationInput } from '../../../../src/operations/parse-operation-input.ts'
import { serverOf } from '../../../support/builders/backup-server.ts'
import { backupOf, range, walOf } from '../../../support/builders/backups.ts'
import { LEADER, nodeOf, serviceOf, servicesSeen, topologyOf } from '../../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../../support/builders/observed.ts'
import { operationRecord } from '../../../support/builders/operations.ts'
import { planContext } from '../../../support/builders/plan-context.ts'
import { recoveryRecord } from '../../../support/builders/recovery-record.ts'
import { callsIn, committedSchema, faultsOf, type RemedyCall } from '../../../support/remedy-calls.ts'

const registry = await loadOperations()
const schema = committedSchema()
const LAST = NOW.getTime() / 60_000
const OPERATION = '20261122T110000000-worker'
const previous = { node: 'db2', directory: '/data/patroni2.previous-r1', timeline: 1, endLsn: '0/9000000', bytes: 1e6 }
const verification = { at: '2026-11-22T11:50:00.000Z', passed: true, message: null, checks: [] }

/** Nodes whose container runs and whose Patroni an operation keeps down. */
const NODES_DOWN: readonly (readonly string[])[] = [[], ['db2'], ['db1', 'db2']]

interface State {
  readonly record: RecoveryRecord
  /** An operation works on it. */
  readonly worked: boolean
  readonly down: readonly string[]
}

const states: State[] = Object.values(RecoveryMode).flatMap((mode) =>
  Object.values(RecoveryStatus).flatMap((status) =>
    [null, previous].flatMap((kept) =>
      [true, false].flatMap((worked) => NODES_DOWN.map((down) => stateOf(mode, status, kept, worked, down))),
    ),
  ),
)

function stateOf(
  mode: RecoveryMode,
  status: RecoveryStatus,
  kept: typeof previous | null,
  worked: boolean,
  down: readonly string[],
): State {
  const place = mode === RecoveryMode.IN_PLACE ? { node: 'db2', service: 'db2' } : {}
  const target = { ...recoveryRecord().target, time: null, lsn: '0/9000000' }
  const record = recoveryRecord({ id: 'r1', operationId: OPERATION, target, mode, status, previous: kept, ...place })
  return { record: { ...record, verification }, worked, down }
}

function clusterIn({ down }: State): Partial<ClusterSnapshot> {
  const node = (name: string) => (down.includes(name) ? nodeOf(name, { patroni: away('connection refused') }) : null)
  const leader = down.includes('db1') ? null : 'db1'
  return {
    nodes: [node('db1') ?? LEADER, node('db2') ?? nodeOf('db2')],
    services: servicesSeen(['db1', 'db2', 'barman'].map((name) => serviceOf(name))),
    ...(leader === null ? { topology: seen(topologyOf({ leader })) } : {}),
    backupServers: [
      serverOf({
        backups: seen([backupOf(LAST - 60, LAST - 59)]),
        wal: seen(walOf({ 1: range(LAST - 60, LAST - 1) })),
      }),
    ],
  }
}

function contextIn(state: State, input: object): PlanContext<OperationInput> {
  const active = new Set(state.worked ? [OPERATION] : [])
  return planContext(input as OperationInput, {}, clusterIn(state), [], [state.record], new Map(), active)
}

const WORKING = operationRecord({ id: OPERATION, kind: 'recoverCluster', claims: [exclusive(resources.recovery)] })

/** What admission says, as submitOperation puts it together: the kind's own refusals, and what works at the time. */
async function refusalsOf(
  state: State,
  { name, args }: Pick<RemedyCall, 'name' | 'args'>,
): Promise<readonly Refusal[]> {
  if (name === 'cancelOperation') return state.worked && args['id'] === `Operation:${OPERATION}` ? [] : [NOTHING_RUNS]
  const kind = registry.get(name)
  if (kind === undefined) throw new Error(`a remedy names ${name}, which is no kind`)
  const context = contextIn(state, parseOperationInput(kind, { ...(args['input'] as object), cluster: 'patroni' }))
  const refusals = await kind.check(context)
  if (refusals.length > 0) return refusals
  const claims: readonly Claim[] = kind.claims?.(context) ?? []
  return state.worked && conflict(claims, WORKING.claims) ? [excluded(WORKING)] : []
}
const NOTHING_RUNS = refuse('ALREADY_ENDED', '', null, 'id')

/** What can be asked for about a recovery. */
const REQUESTS: readonly Pick<RemedyCall, 'name' | 'args'>[] = [
  { name: 'recoverCluster', args: { input: { target: { lsn: '0/9000000' }, confirm: 'patroni' } } },
  { name: 'rehearseRecovery', args: { input: { target: { lsn: '0/9000000' } } } },
  ...['cutOverRecovery', 'undoRecovery', 'discardRecovery', 'settleRecovery'].map((name) => ({
    name,
    args: { input: { recovery: 'r1', confirm: 'patroni' } },
  })),
  { name: 'discardRecovery', args: { input: { recovery: 'r1', previousData: true } } },
]

/** Of a recovery, and not of what its target or its cluster lacks. */
const ABOUT_RECOVERIES = [
  'RECOVERY_EXISTS',
  'RECOVERY_NOT_READY',
  'NOT_UNDOABLE',
  'HAS_PREVIOUS_DATA',
  'CONFIRMATION_REQUIRED',
  'IS_REHEARSAL',
]
/** What a remedy's own request may meet that has a remedy of its own, about the cluster: a node to start first, a leader. */
const ABOUT_THE_CLUSTER = ['NODE_UNREACHABLE', 'NO_LEADER', 'TARGET_NOT_RECOVERABLE', 'NO_WINDOW', 'WAL_UNKNOWN']

const describeState = ({ record, worked, down }: State) =>
  `${record.mode} ${record.status}${record.previous ? ' with previous data' : ''}, ${worked ? 'worked on' : 'left'}, kept down: ${down.join() || 'none'}`

describe.each(states.map((state) => [describeState(state), state] as const))('%s', (_, state) => {
  test('each refusal about the recovery names a call that is accepted in this very state', async () => {
    for (const request of REQUESTS) {
      for (const { code, remedy } of await refusalsOf(state, request)) {
        if (!ABOUT_RECOVERIES.includes(code)) continue
        const calls = callsIn(remedy)
        expect(calls.length, `${request.name}: ${code} has no call in its remedy: ${remedy}`).toBeGreaterThan(0)
        for (const call of calls) {
          expect(faultsOf(call, schema), call.text).toEqual([])
          const said = (await refusalsOf(state, call)).map((refusal) => refusal.code)
          const against = said.filter((each) => !ABOUT_THE_CLUSTER.includes(each))
          // A recovery that is worked on takes no other beside it: the first call of its remedy is to wait or to cancel.
          if (state.worked && isUnsettled(state.record) && call !== calls[0]) continue
          expect(against, `${request.name} → ${code} → ${call.text}`).toEqual(state.worked ? anyOf(against) : [])
        }
      }
    }
  })

  test('leads on, by the remedies alone, to where another recovery may begin', async () => {
    if (state.worked) return
    const seenStates = await walk(state)
    expect(seenStates.some(({ record }) => !blocks(record))).toBe(true)
  })
})

/** While an operation works on something else of the cluster's, CONFLICT names it, and how to wait for it. */
function anyOf(codes: readonly string[]): string[] {
  return codes.filter((code) => code === 'CONFLICT')
}

function blocks(record: RecoveryRecord): boolean {
  return isUnsettled(record) || record.status === RecoveryStatus.READY
}

/** All states that can be come to from one by what recoverCluster's, or a rehearsal's, refusals name. */
async function walk(from: State): Promise<State[]> {
  const found = [from]
  for (const state of found) {
    const name = state.record.mode === RecoveryMode.REHEARSAL ? 'rehearseRecovery' : 'recoverCluster'
    const request = REQUESTS.find((each) => each.name === name)
    if (request === undefined) throw new Error(name)
    for (const { remedy } of await refusalsOf(state, request)) {
      for (const call of callsIn(remedy)) {
        if ((await refusalsOf(state, call)).length > 0) continue
        for (const next of outcomesOf(state, call)) {
          if (!found.some((each) => describeState(each) === describeState(next))) found.push(next)
        }
      }
    }
  }
  return found
}

/** What an operation that was accepted may make of a state. */
function outcomesOf(state: State, { name, args }: RemedyCall): State[] {
  const { record } = state
  switch (name) {
    case 'discardRecovery':
      return [{ ...state, record: { ...record, status: RecoveryStatus.DISCARDED } }]
    case 'settleRecovery':
      return [RecoveryStatus.FAILED, RecoveryStatus.COMPLETED].map((status) => ({
        record: { ...record, status },
        worked: false,
        down: [],
      }))
    case 'startService': {
      const { service } = args['input'] as { service: string }
      return [{ ...state, down: state.down.filter((each) => each !== service) }]
    }
    default:
      return []
  }
}

test('the states are all there are, and some of each kind block another recovery', () => {
  expect(states).toHaveLength(2 * Object.keys(RecoveryStatus).length * 2 * 2 * NODES_DOWN.length)
  expect(states.filter(({ record, worked }) => blocks(record) && !worked).length).toBeGreaterThan(20)
})

test.each([
  [{}, '{}'],
  [{ time: '2026-11-22T15:49:59.000Z', inclusive: false }, '{time: "2026-11-22T15:49:59.000Z", inclusive: false}'],
  [{ xid: '1004', timeline: '3', inclusive: true, immediate: false }, '{xid: "1004", timeline: "3"}'],
  [{ immediate: true, name: null }, '{immediate: true}'],
  [{ lsn: 0x1_f000_0028n }, '{lsn: "1/F0000028"}'],
])('a recovery to %o is asked for again as %s', (target, literal) => {
  const call = recoverCall({ target, cluster: 'patroni' })
  expect(call).toBe(`recoverCluster(input: {target: ${literal}, confirm: "patroni"})`)
  expect(callsIn(call).flatMap((each) => faultsOf(each, schema))).toEqual([])
})
