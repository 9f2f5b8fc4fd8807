import { describe, expect, it } from 'vitest'
import { parsePatroniStatus } from '../../../../src/clients/patroni/patroni-status.ts'
import { NodeRole, NodeState } from '../../../../src/domain/cluster/node.ts'
import { UnexpectedAnswerError } from '../../../../src/domain/errors.ts'
import { formatLsn } from '../../../../src/domain/wal/lsn.ts'
import { fixture } from '../../../support/builders/fixture.ts'

describe("a node's own status", () => {
  it('tells a primary from what GET /patroni answers', () => {
    const status = parsePatroniStatus('Patroni db2', JSON.parse(fixture('patroni-primary.json')))
    expect(status).toMatchObject({
      role: NodeRole.LEADER,
      state: NodeState.RUNNING,
      postgresVersion: '17.11',
      patroniVersion: '4.0.7',
      systemIdentifier: '7711071424179195956',
      receivedLsn: null,
      pendingRestart: false,
    })
    expect(status.lsn).toBeTypeOf('bigint')
  })

  it('tells a streaming replica and how far it is', () => {
    const status = parsePatroniStatus('Patroni db1', JSON.parse(fixture('patroni-replica.json')))
    expect(status).toMatchObject({ role: NodeRole.REPLICA, state: NodeState.STREAMING, lsn: null, replayPaused: false })
    expect(status.startedAt?.toISOString()).toBe('2026-11-22T19:11:40.670Z')
    expect(formatLsn(status.replayedLsn ?? 0n)).toBe('0/4DE26DC0')
  })

  it('tells a synchronous standby', () => {
    const answer = { ...JSON.parse(fixture('patroni-replica.json')), sync_standby: true }
    expect(parsePatroniStatus('Patroni db1', answer).role).toBe(NodeRole.SYNC_STANDBY)
  })

  it('is told without PostgreSQL too', () => {
    const status = parsePatroniStatus('Patroni db1', {
      state: 'stopped',
      role: 'replica',
      patroni: { version: '4.0.7' },
    })
    expect(status).toMatchObject({ state: NodeState.STOPPED, postgresVersion: null, timeline: null })
  })

  it('is refused with the place of the fault when it is something else', () => {
    expect(() => parsePatroniStatus('Patroni db1', { state: 7 })).toThrow(UnexpectedAnswerError)
    expect(() => parsePatroniStatus('Patroni db1', { state: 7 })).toThrow(/state/)
  })
})
