import { expect, it } from 'vitest'
import { parsePatroniHistory } from '../../../../src/clients/patroni/patroni-history.ts'
import { fixture } from '../../../support/builders/fixture.ts'

it('the history is the same over REST, with and without its optional columns', () => {
  expect(parsePatroniHistory('Patroni db1', JSON.parse(fixture('patroni-history.json'))).length).toBeGreaterThan(1)
  expect(parsePatroniHistory('Patroni db1', [[1, 5, 'no recovery target specified']])).toEqual([
    { timeline: 1, lsn: 5n, reason: 'no recovery target specified', at: null, newLeader: null },
  ])
})
