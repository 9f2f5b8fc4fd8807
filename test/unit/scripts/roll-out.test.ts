import { expect, it } from 'vitest'
import { findLeader } from '../../../scripts/lib/leader.mjs'
import { rollOut } from '../../../scripts/lib/roll-out.mjs'
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
    { nodes: { db2: { state: 'starting' }, db3: { keptDown: true, state: 'stopped' } } },
    /db2 to stream/,
  ],
])('takes no leader down where a switchover is not done: %s', async (_, more, said) => {
  const { about, services, log } = fakeRollingStack(more)
  await expect(rollOut(about, recreate('db1'), services)).rejects.toThrow(said)
  expect(log.join()).not.toContain('went down as the leader')
  expect(log).not.toContain(`${ALONE} db1`)
})

it('asks who leads before each, and takes no leader down that became one meanwhile', async () => {
  const { about, services, log } = fakeRollingStack({ nodes: { db2: { handsOverTo: 'db3' } } })
  await rollOut(about, recreate('db1', 'db2', 'db3'), services)
  expect(log.join()).not.toContain('went down as the leader')
  expect(log.slice(1)).toEqual([`${ALONE} db2`, `${ALONE} db1`, 'switchover in db3-1', `${ALONE} db3`])
})

it('goes on only where what a start before it has made again streams; a node that is kept down is nothing to wait for', async () => {
  const broken = fakeRollingStack({ nodes: { db2: { state: 'stopped' } } })
  await expect(rollOut(broken.about, recreate('db1', 'db3'), broken.services)).rejects.toThrow(/db2 to stream/)
  expect(broken.log).toHaveLength(1)
  const keptDown = fakeRollingStack({ nodes: { db2: { state: 'stopped', afterwards: 'stopped', keptDown: true } } })
  await rollOut(keptDown.about, recreate('db2', 'db3'), keptDown.services)
  expect(keptDown.log.slice(1)).toEqual([`${ALONE} db2`, `${ALONE} db3`])
})

it('starts a member of etcd that is down before another one goes down', async () => {
  const { about, services, log } = fakeRollingStack()
  await rollOut(about, recreate('etcd1'), services)
  expect(log.slice(0, 2)).toEqual(['--no-deps --no-recreate etcd2', `${ALONE} etcd1`])
})

it('names the command that goes on', async () => {
  const { about, services } = fakeRollingStack({ nodes: { db2: { afterwards: 'stopped' } } })
  const rolling = { ...about, command: 'npm run secrets:reset' }
  await expect(rollOut(rolling, recreate('db2'), services)).rejects.toMatchObject({
    remedy: expect.stringMatching(/npm run secrets:reset/),
  })
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
