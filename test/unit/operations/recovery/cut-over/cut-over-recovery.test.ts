import { describe, expect, test } from 'vitest'
import { CheckStatus } from '../../../../../src/domain/check.ts'
import type { ClusterSnapshot, NodeSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import type { LoginRefusal } from '../../../../../src/domain/cluster/login-refusal.ts'
import { RecoveryMode, type RecoveryRecord, RecoveryStatus } from '../../../../../src/domain/recovery/recovery.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import cutOverRecovery, {
  CutOverRecoveryInput,
} from '../../../../../src/operations/recovery/cut-over/cut-over-recovery.kind.ts'
import { LEADER, nodeOf, topologyOf } from '../../../../support/builders/cluster.ts'
import { COMPLETED, READY, verification } from '../../../../support/builders/cut-over.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

const dead = (name: string) => ({ nodes: [LEADER, nodeOf(name, { patroni: away() })] })

describe('cutOverRecovery is refused', () => {
  type Case = [string, Partial<CutOverRecoveryInput>, RecoveryRecord[], Partial<ClusterSnapshot>, string[]]
  const cases: Case[] = [
    ['never when it is READY and verified', {}, [READY], {}, []],
    ['of a recovery that there is not', { recovery: 'r9' }, [READY], {}, ['UNKNOWN_RECOVERY']],
    ['of a rehearsal', {}, [{ ...READY, mode: RecoveryMode.REHEARSAL }], {}, ['IS_REHEARSAL']],
    ['before it is READY', {}, [{ ...READY, status: RecoveryStatus.VERIFYING }], {}, ['RECOVERY_NOT_READY']],
    ['once it is COMPLETED', {}, [COMPLETED], {}, ['RECOVERY_NOT_READY']],
    ['without a verification', {}, [{ ...READY, verification: null }], {}, ['NOT_VERIFIED']],
    [
      'with one that failed',
      {},
      [{ ...READY, verification: { ...verification, passed: false } }],
      {},
      ['NOT_VERIFIED'],
    ],
    ['not then with force', { force: true }, [{ ...READY, verification: null }], {}, []],
    ['while no node leads', {}, [READY], { topology: seen(topologyOf({ leader: null })) }, ['NO_LEADER']],
    ['while it is paused', {}, [READY], { topology: seen(topologyOf({ paused: true })) }, ['CLUSTER_PAUSED']],
    ['while a node is away', {}, [{ ...READY, node: 'db1' }], dead('db2'), ['NODE_UNREACHABLE']],
    ['not then with force', { force: true }, [{ ...READY, node: 'db1' }], dead('db2'), []],
    ['with force too while its own node is away', { force: true }, [READY], dead('db2'), ['NODE_UNREACHABLE']],
  ]
  test.each(cases)('%s', async (_, fields, recoveries, changes, expected) => {
    const context = planContext(new CutOverRecoveryInput(), { recovery: 'r1', ...fields }, changes, [], recoveries)
    expect((await cutOverRecovery.check(context)).map(({ code }) => code)).toEqual(expected)
  })
})

describe('what is said of a verification that did not pass', () => {
  const check = (status: CheckStatus) => ({ name: 'pg_amcheck', status, message: 'why', hint: null })
  const cases: [string, RecoveryRecord['verification'], RegExp, CheckStatus][] = [
    ['there was none', null, /^recovery r1 was not verified$/, CheckStatus.UNKNOWN],
    [
      'something failed',
      {
        ...verification,
        passed: false,
        message: 'failed: x',
        checks: [check(CheckStatus.FAILED), check(CheckStatus.UNKNOWN)],
      },
      /has not passed its verification: failed: x$/,
      CheckStatus.FAILED,
    ],
    [
      'something could not be checked',
      { ...verification, passed: false, message: 'not checked: x', checks: [check(CheckStatus.UNKNOWN)] },
      /could not be verified as a whole, though nothing speaks against it: not checked: x$/,
      CheckStatus.UNKNOWN,
    ],
  ]
  test.each(cases)('%s', async (_, found, message, planned) => {
    const recovery = { ...READY, verification: found }
    const context = planContext(new CutOverRecoveryInput(), { recovery: 'r1' }, {}, [], [recovery])
    expect((await cutOverRecovery.check(context))[0]).toMatchObject({ message: expect.stringMatching(message) })
    expect((await planOperation(cutOverRecovery, context)).checks[0]).toMatchObject({
      name: 'verification',
      status: planned,
    })
  })
})

describe('the plan', () => {
  test('of a cut-over says what is given up since when, and that it stays recoverable', async () => {
    const plan = await planOperation(
      cutOverRecovery,
      planContext(new CutOverRecoveryInput(), { recovery: 'r1' }, {}, [], [READY]),
    )
    expect(plan.dataLoss).toMatch(/after 2026-11-22T11:40:00.000Z is given up: .*20 minutes\. It stays recoverable/)
    expect(plan.steps.map(({ name }) => name)).toEqual(cutOverRecovery.steps.map(({ name }) => name))
    expect(plan.downtimeSeconds).toBeGreaterThan(0)
  })

  test('says whether the role of after the cut-over will get in, as far as it is known before', async () => {
    const loginRefusal: LoginRefusal = {
      role: 'howdah',
      sqlstate: '42501',
      reason: 'permission denied for database "postgres"',
      cure: { kind: 'STATEMENT', sql: 'GRANT CONNECT ON DATABASE postgres TO howdah', database: 'postgres' },
      passing: false,
    }
    const rolesOf = async (nodes: readonly NodeSnapshot[]) => {
      const context = planContext(new CutOverRecoveryInput(), { recovery: 'r1' }, { nodes }, [], [READY])
      return (await planOperation(cutOverRecovery, context)).checks.find(({ name }) => name === 'roles of the stack')
    }
    expect(await rolesOf([LEADER])).toMatchObject({ status: 'OK' })
    expect(await rolesOf([{ ...LEADER, loginRefusal }])).toMatchObject({
      status: 'WARNING',
      message: expect.stringContaining('role howdah log in: permission denied'),
      hint: expect.stringContaining('GRANT CONNECT ON DATABASE postgres TO howdah'),
    })
  })
})

test('there is one point of no return, and it is the start of the node', () => {
  expect(cutOverRecovery.steps.filter(({ pointOfNoReturn }) => pointOfNoReturn).map(({ name }) => name)).toEqual([
    'start-target',
  ])
})
