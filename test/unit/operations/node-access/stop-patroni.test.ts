import { describe, expect, test } from 'vitest'
import { describeStopping, parseStopping, stopPatroni } from '../../../../src/operations/node-access/stop-patroni.ts'
import { ENDED, HUNG, stoppingContext } from '../../../support/fakes/fake-stopping.ts'

test('what a node says of itself', () => {
  const said =
    'patroni runs\ncontrol in production\npostgres rejects\nprocess postgres: patroni: walsender barman 10.0.0.7(44) streaming 0/5000060\n'
  const seen = parseStopping(said)
  expect(seen).toEqual({
    patroni: true,
    postgres: {
      accepts: false,
      processes: ['postgres: patroni: walsender barman 10.0.0.7(44) streaming 0/5000060'],
    },
    control: 'in production',
  })
  expect(describeStopping(seen)).toContain('walsender barman')
  expect(parseStopping('patroni down\n')).toEqual({ patroni: false, postgres: null, control: null })
  // Nothing said is no word that it has ended.
  expect(parseStopping('').patroni).toBe(true)
})

describe('a node that does not stop', () => {
  test('is left to Patroni where that does it', async () => {
    let looks = 0
    const { context, did } = stoppingContext(() => (++looks < 4 ? HUNG : ENDED))
    await stopPatroni(context, 'db1', { clean: true })
    expect(did).toEqual([])
  })

  test('loses a Patroni that hangs, and is asked to stop by Howdah', async () => {
    const { context, did } = stoppingContext((done) => {
      if (done.includes('stop PostgreSQL')) return ENDED
      return `patroni ${done.includes('kill Patroni') ? 'down' : 'runs'}\npostgres accepts\n`
    })
    await stopPatroni(context, 'db1', { clean: true })
    expect(did).toEqual(['kill Patroni', 'stop PostgreSQL'])
    expect(context.messages.join('\n')).toContain('Patroni does not end: killed')
  })

  test('is ended where it need not end cleanly', async () => {
    const { context, did } = stoppingContext((done) => (done.includes('kill PostgreSQL') ? ENDED : HUNG))
    await stopPatroni(context, 'db1', { clean: false })
    expect(did).toEqual(['kill Patroni', 'kill PostgreSQL'])
  })

  test('is an error that names what it waits for where it must', async () => {
    const { context, did } = stoppingContext(() => HUNG)
    await expect(stopPatroni(context, 'db1', { clean: true })).rejects.toMatchObject({
      code: 'POSTGRES_NOT_STOPPED',
      retryable: true,
      message: expect.stringContaining('walsender barman'),
    })
    expect(did).toEqual([])
  })
})
