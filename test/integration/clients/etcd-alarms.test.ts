import { afterAll, beforeAll, expect, test } from 'vitest'
import { withoutEtcd } from '../../../src/admission/submit-refusals.ts'
import { createEtcdClient } from '../../../src/clients/etcd/etcd-client.ts'
import { createEtcdStore } from '../../../src/clients/etcd/etcd-store.ts'
import { MAKE_ROOM } from '../../../src/domain/cluster/etcd-alarms.ts'
import { assessHealth } from '../../../src/domain/health/health.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { NOW, seen } from '../../support/builders/observed.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type EtcdMembers, startEtcd } from './etcd-members.ts'

let etcd: EtcdMembers
beforeAll(async () => {
  etcd = await startEtcd(2, ['--quota-backend-bytes', String(4 * 1024 * 1024)])
})
afterAll(() => etcd?.remove())

/** The cluster with what the members say of themselves. */
async function clusterNow() {
  const client = createEtcdClient({ members: etcd.members, clock: systemClock, timeoutMs: 2_000 })
  try {
    const members = etcd.members.map(async ({ name, clientUrl }) => {
      return { name, clientUrl, status: seen(await client.memberStatus(name)) }
    })
    return clusterOf({ etcd: await Promise.all(members) })
  } finally {
    client.close()
  }
}

const put = (key: string, value: string) => {
  const store = createEtcdStore({ members: etcd.members })
  return store.transact({ unchanged: [], put: [{ key, value }] }).finally(() => store.close())
}

async function raised(): Promise<string[]> {
  const { issues } = assessHealth(await clusterNow(), NOW)
  return issues.filter(({ severity }) => severity === 'CRITICAL').map(({ code }) => code)
}

test('an etcd whose database is full answers reads, and is CRITICAL until the remedy was pasted', async () => {
  expect(await raised()).toEqual([])
  expect(withoutEtcd(await clusterNow())).toEqual([])

  // The same key, so that a compaction gives all of it up.
  const full = await waitFor('etcd to refuse a write', () =>
    put('/filled', 'x'.repeat(200_000)).then(
      () => null,
      (error: unknown) => error,
    ),
  )
  expect(full).toMatchObject({
    code: 'ETCD_ALARM',
    retryable: false,
    message: 'etcd has raised the alarm NOSPACE, and refuses writes',
    remedy: expect.stringContaining(MAKE_ROOM),
  })
  await waitFor('every member to say so', async () => (await raised()).includes('ETCD_NO_SPACE'))
  expect(withoutEtcd(await clusterNow())).toMatchObject([
    { code: 'ETCD_ALARM', remedy: expect.stringContaining(MAKE_ROOM) },
  ])

  await etcd.containers[0]?.exec('sh', '-c', MAKE_ROOM)
  await waitFor('the alarm to be gone', async () => (await raised()).length === 0)
  expect(withoutEtcd(await clusterNow())).toEqual([])
  expect(await put('/after', 'room')).toEqual(expect.any(String))
})

test('an alarm that etcd raises for differing data is told as that', async () => {
  const body = JSON.stringify({ action: 'ACTIVATE', alarm: 'CORRUPT' })
  const alarm = (action: string) =>
    fetch(`${etcd.members[0]?.clientUrl}/v3/maintenance/alarm`, {
      method: 'POST',
      body: body.replace('ACTIVATE', action),
    })
  expect((await alarm('ACTIVATE')).status).toBe(200)
  await waitFor('the alarm to be told', async () => (await raised()).includes('ETCD_CORRUPT'))
  await expect(put('/differs', '1')).rejects.toMatchObject({ code: 'ETCD_ALARM' })
  expect(withoutEtcd(await clusterNow())).toMatchObject([{ code: 'ETCD_ALARM' }])
})
