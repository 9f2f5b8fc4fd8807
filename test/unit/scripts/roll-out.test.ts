import { expect, it } from 'vitest'
import { findLeader, rollOut } from '../../../scripts/lib/roll-out.mjs'
import { fakeRollingStack } from '../../support/fakes/fake-rolling-stack.ts'

const recreate = (...services: string[]) =>
  services.map((service) => ({ service, action: 'recreate' as const, why: 'its settings changed' }))
const ALONE = '--no-deps --force-recreate'

it('takes replicas first, one at a time, and the leader last, after a switchover', async () => {
  const { about, services, log, leader } = fakeRollingStack({ leader: 'db1' })
  await rollOut(about, recreate('db1', 'db2', 'db3'), services)
  expect(log).toEqual([
    '--no-recreate --remove-orphans etcd1 etcd2 haproxy api',
    `${ALONE} db2`,
    `${ALONE} db3`,
    'switchover in db1-1',
    `${ALONE} db1`,
  ])
  expect(leader()).toBe('db2')
})

it("makes etcd's members again one at a time, then the rest, and touches no other node", async () => {
  const { about, services, log } = fakeRollingStack({ leader: 'db2' })
  await rollOut(about, recreate('etcd1', 'etcd2', 'haproxy', 'api', 'db3'), services)
  expect(log).toEqual([
    `${ALONE} etcd1`,
    `${ALONE} etcd2`,
    `${ALONE} haproxy api`,
    '--no-recreate --remove-orphans etcd1 etcd2 db1 db2 haproxy api',
    `${ALONE} db3`,
  ])
})

it('makes the leader alone again only after a switchover', async () => {
  const { about, services, log } = fakeRollingStack({ leader: 'db3' })
  await rollOut(about, recreate('db3'), services)
  expect(log.slice(1)).toEqual(['switchover in db3-1', `${ALONE} db3`])
})

it('waits for each to stream, and leaves the rest as it was where one does not', async () => {
  const { about, services, log } = fakeRollingStack({ nodes: { db2: { afterwards: 'stopped' } } })
  await expect(rollOut(about, recreate('db1', 'db2', 'db3'), services)).rejects.toMatchObject({
    message: expect.stringMatching(/db2 to stream again/),
    detail: 'Last seen: db2 is stopped',
    remedy: expect.stringMatching(/goes on from here/),
  })
  expect(log).toEqual(['--no-recreate --remove-orphans etcd1 etcd2 haproxy api', `${ALONE} db2`])
})

it.each([
  ['Patroni refuses', { switchover: 'refused' as const }, /did not switch over/],
  ['none has an effect', { switchover: 'without effect' as const }, /another leader than db1/],
  [
    'no replica streams',
    { nodes: { db2: { state: 'starting' }, db3: { state: 'starting' } } },
    /a replica that can take over/,
  ],
])('takes no leader down where a switchover is not done: %s', async (_, more, said) => {
  const { about, services, log } = fakeRollingStack(more)
  await expect(rollOut(about, recreate('db1'), services)).rejects.toThrow(said)
  expect(log.join()).not.toContain('went down as the leader')
  expect(log).not.toContain(`${ALONE} db1`)
})

it('touches nothing of a paused cluster', async () => {
  const { about, services, log } = fakeRollingStack({ paused: true })
  await expect(rollOut(about, recreate('db2'), services)).rejects.toMatchObject({
    remedy: expect.stringMatching(/resume/),
  })
  expect(log).toEqual([])
})

it('finds the leader by asking a node, and none where none leads', async () => {
  expect(await findLeader(fakeRollingStack({ leader: 'db3' }).about)).toEqual({ leader: 'db3', paused: false })
  expect(await findLeader(fakeRollingStack({ leader: null }).about)).toEqual({ leader: null, paused: false })
})
