import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { OperationAnswer } from '../../../src/admission/operation-service.ts'
import { RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import type { Clock } from '../../../src/shared/clock.ts'
import { expireRecoveries } from '../../../src/worker/expire-recoveries.ts'
import { FakeRecoveries, recoveryRecord } from '../../support/fake-recoveries.ts'
import { operationRecord } from '../../support/operations.ts'

const EXPIRES = '2026-11-22T18:00:00.000Z'
const READY = { status: RecoveryStatus.READY, expiresAt: EXPIRES }

/** Looks when it is told to, at the time that it is told. */
function watched(recoveries: FakeRecoveries, answer: () => OperationAnswer) {
  let now = new Date(0)
  let look: () => void = () => {}
  const asked: Record<string, unknown>[] = []
  const clock: Pick<Clock, 'now' | 'every'> = {
    now: () => now,
    every(_ms, task) {
      look = task
      return () => {}
    },
  }
  expireRecoveries({
    cluster: 'patroni',
    recoveries,
    operations: {
      async submit(kind, input, actor) {
        asked.push({ kind, ...input, by: actor.name })
        return answer()
      },
    },
    clock: clock as Clock,
    logger: pino({ level: 'silent' }),
  })
  return {
    asked,
    async at(time: string) {
      now = new Date(time)
      look()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

const accept = (): OperationAnswer => ({ operation: operationRecord(), plan: null, refusals: [] })
const refuse = (): OperationAnswer => ({ operation: null, plan: null, refusals: [] })

test('asks once for the end of what is READY past its time, and of nothing else', async () => {
  const recovery = recoveryRecord(READY)
  const { asked, at } = watched(
    new FakeRecoveries(
      recovery,
      recoveryRecord({ ...READY, expiresAt: null }),
      recoveryRecord({ ...READY, status: RecoveryStatus.CUTTING_OVER }),
      recoveryRecord({ ...READY, cluster: 'other' }),
    ),
    accept,
  )
  await at('2026-11-22T17:59:59Z')
  expect(asked).toEqual([])
  await at(EXPIRES)
  await at('2026-11-22T18:00:10Z')
  expect(asked).toMatchObject([{ kind: 'discardRecovery', recovery: recovery.id, cluster: 'patroni', by: 'howdah' }])
})

test('asks with the same key whichever worker asks, and with another when that did not help', async () => {
  const recoveries = new FakeRecoveries(recoveryRecord(READY))
  const [one, other] = [watched(recoveries, accept), watched(recoveries, accept)]
  await one.at(EXPIRES)
  await other.at('2026-11-22T18:00:07Z')
  expect(other.asked[0]?.['idempotencyKey']).toBe(one.asked[0]?.['idempotencyKey'])
  await one.at('2026-11-22T18:10:00Z')
  expect(one.asked).toHaveLength(2)
  expect(one.asked[1]?.['idempotencyKey']).not.toBe(one.asked[0]?.['idempotencyKey'])
})

test('asks again after a refusal, and once Redis is back', async () => {
  const recoveries = new FakeRecoveries(recoveryRecord(READY))
  const { asked, at } = watched(recoveries, refuse)
  await at(EXPIRES)
  recoveries.away = true
  await at('2026-11-22T18:00:10Z')
  expect(asked).toHaveLength(1)
  recoveries.away = false
  await at('2026-11-22T18:00:20Z')
  expect(asked).toHaveLength(2)
})
