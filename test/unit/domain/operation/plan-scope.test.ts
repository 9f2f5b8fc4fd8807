import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  exceeds,
  NOTHING_TOUCHED,
  PlannedDowntime,
  PlannedEffect,
  type PlanScope,
  planScope,
} from '../../../../src/domain/operation/plan-scope.ts'

const ONE = planScope({ nodes: ['db2'] })
const ALL = planScope({
  nodes: ['db2', 'db3', 'db4', 'db1'],
  downtime: PlannedDowntime.BRIEF,
  effects: [PlannedEffect.LEADER_CHANGE],
})

describe('what is about to be done exceeds its plan', () => {
  const cases: [string, PlanScope, PlanScope, RegExp[]][] = [
    ['never when it is the same', ALL, ALL, []],
    ['never when it is less', ALL, ONE, []],
    ['never when there is nothing left to do', ONE, NOTHING_TOUCHED, []],
    [
      'when one replica has become a rolling restart',
      ONE,
      ALL,
      [
        /PostgreSQL on db1, db2, db3, db4 \(planned: db2\)/,
        /writes would fail.*planned: writes go on/,
        /become the leader/,
      ],
    ],
    ['when another node is the one', ONE, planScope({ nodes: ['db3'] }), [/on db3 \(planned: db2\)/]],
    ['when anything is touched that was not to be', NOTHING_TOUCHED, ONE, [/db2 \(planned: none\)/]],
    ['when more backups would go', planScope({ backups: ['a'] }), planScope({ backups: ['a', 'b'] }), [/backups a, b/]],
    ['when another container would stop', NOTHING_TOUCHED, planScope({ services: ['db1'] }), [/container of db1/]],
    [
      'when what was brief has no end',
      planScope({ downtime: PlannedDowntime.BRIEF }),
      planScope({ downtime: PlannedDowntime.OPEN_ENDED }),
      [/until an operator acts/],
    ],
    [
      'when data would be lost',
      NOTHING_TOUCHED,
      planScope({ effects: [PlannedEffect.DATA_LOSS] }),
      [/data would be lost/],
    ],
    [
      'when it goes to another target',
      planScope({ target: { candidate: 'db2' } }),
      planScope({ target: { candidate: 'db3' } }),
      [/candidate would be db3 \(planned: db2\)/],
    ],
    ['never when it says less of its target', planScope({ target: { candidate: 'db2' } }), NOTHING_TOUCHED, []],
  ]
  test.each(cases)('%s', (_, planned, now, expected) => {
    const said = exceeds(planned, now)
    expect(said).toHaveLength(expected.length)
    for (const [index, pattern] of expected.entries()) expect(said[index]).toMatch(pattern)
  })
})

const names = fc.array(fc.constantFrom('db1', 'db2', 'db3', 'db4'))
const scopes = fc
  .record({
    nodes: names,
    services: names,
    backups: names,
    downtime: fc.constantFrom(...Object.values(PlannedDowntime)),
    effects: fc.array(fc.constantFrom(...Object.values(PlannedEffect))),
    target: fc.dictionary(fc.constantFrom('candidate', 'backup', 'timeline'), fc.constantFrom('a', 'b')),
  })
  .map(planScope)

describe('a scope', () => {
  test('never exceeds itself, also after it was recorded', () => {
    fc.assert(
      fc.property(scopes, (scope) => {
        expect(exceeds(scope, scope)).toEqual([])
        expect(exceeds(JSON.parse(JSON.stringify(scope)), scope)).toEqual([])
      }),
    )
  })

  test('that is within a second one, which is within a third, is within the third', () => {
    fc.assert(
      fc.property(scopes, scopes, scopes, (a, b, c) => {
        const within = exceeds(b, a).length === 0 && exceeds(c, b).length === 0
        if (within) expect(exceeds(c, a)).toEqual([])
      }),
    )
  })

  test('that exceeds another still does when it touches more', () => {
    fc.assert(
      fc.property(scopes, scopes, names, (planned, now, more) => {
        const larger = planScope({ ...now, nodes: [...now.nodes, ...more] })
        expect(exceeds(planned, larger).length).toBeGreaterThanOrEqual(exceeds(planned, now).length)
      }),
    )
  })

  test('is the same text in whatever order its parts were found', () => {
    fc.assert(
      fc.property(scopes, ({ nodes, effects, target, ...rest }) => {
        const reversed = planScope({
          ...rest,
          nodes: [...nodes, ...nodes].reverse(),
          effects: [...effects].reverse(),
          target: Object.fromEntries(Object.entries(target).reverse()),
        })
        expect(JSON.stringify(reversed)).toBe(JSON.stringify(planScope({ ...rest, nodes, effects, target })))
      }),
    )
  })
})
