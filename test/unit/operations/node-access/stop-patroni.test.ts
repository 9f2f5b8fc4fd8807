import { describe, expect, test } from 'vitest'
import { describeStopping, stopPatroni } from '../../../../src/operations/node-access/stop-patroni.ts'
import { STOPPED } from '../../../support/fakes/fake-node-data.ts'
import { HUNG, stoppingContext } from '../../../support/fakes/fake-stopping.ts'

test('a node that stops is told by what it waits for', () => {
  const walsender = 'postgres: patroni: walsender barman 10.0.0.7(44) streaming 0/5000060'
  const seen = { patroni: true, postgres: { accepts: false, processes: [walsender] }, control: 'in production' }
  expect(describeStopping(seen)).toContain('walsender barman')
  expect(describeStopping({ ...seen, postgres: { accepts: true, processes: [] } })).toContain('still takes connections')
  expect(describeStopping({ ...seen, postgres: null })).toBe('PostgreSQL has ended, Patroni has not')
  expect(describeStopping(STOPPED)).toBe('both have ended')
})

const accepting = { accepts: true, processes: ['postgres: patroni: checkpointer'] }

describe('a node that does not stop', () => {
  test('is left to Patroni where that does it', async () => {
    let looks = 0
    const { context, did, asked } = stoppingContext(() => (++looks < 4 ? HUNG : STOPPED))
    await stopPatroni(context, 'db1', { clean: true })
    expect(did()).toEqual([])
    // It is kept down in the name of the operation.
    expect(asked).toEqual(Array.from({ length: 4 }, () => ({ by: context.operation.id, seconds: 10 })))
  })

  test('loses a Patroni that hangs, and is asked to stop by Howdah', async () => {
    const { context, did } = stoppingContext((done) => {
      if (done.includes('stop PostgreSQL')) return STOPPED
      return { patroni: !done.includes('end Patroni'), postgres: accepting, control: null }
    })
    await stopPatroni(context, 'db1', { clean: true })
    expect(did()).toEqual(['end Patroni', 'stop PostgreSQL'])
    expect(context.messages.join('\n')).toContain('Patroni does not end: killed')
  })

  test('is ended where it need not end cleanly', async () => {
    const { context, did } = stoppingContext((done) => (done.includes('end both') ? STOPPED : HUNG))
    await stopPatroni(context, 'db1', { clean: false })
    expect(did()).toEqual(['end both'])
  })

  test('is an error that names what it waits for where it must', async () => {
    const { context, did } = stoppingContext(() => HUNG)
    await expect(stopPatroni(context, 'db1', { clean: true })).rejects.toMatchObject({
      code: 'POSTGRES_NOT_STOPPED',
      retryable: true,
      message: expect.stringContaining('walsender barman'),
    })
    expect(did()).toEqual([])
  })

  test('is an error as well where not even a kill ends it', async () => {
    const { context, did } = stoppingContext(() => HUNG)
    await expect(stopPatroni(context, 'db1', { clean: false })).rejects.toMatchObject({ code: 'POSTGRES_NOT_STOPPED' })
    expect(new Set(did())).toEqual(new Set(['end both']))
  })

  test('is given its time from when it was first asked, not from when it could not be reached', async () => {
    let looks = 0
    const { context, did } = stoppingContext(() => (++looks < 5 ? HUNG : STOPPED), { awayMs: 55_000 })
    await stopPatroni(context, 'db1', { clean: false })
    expect(did()).toEqual([])
  })

  test.each([
    ['2 s', 2, 2],
    ['10 s', 10, 3],
    ['30 s', 30, 7],
  ])(
    'keeps its Patroni for two cycles of %s, in which a sync standby waits for its leader',
    async (_, loopWait, looks) => {
      let seen = 0
      const { context } = stoppingContext(
        (done) => {
          if (done.includes('stop PostgreSQL')) return STOPPED
          if (!done.includes('end Patroni')) seen += 1
          return { patroni: !done.includes('end Patroni'), postgres: accepting, control: null }
        },
        { loopWait },
      )
      await stopPatroni(context, 'db1', { clean: false })
      expect(seen).toBe(looks)
    },
  )
})
