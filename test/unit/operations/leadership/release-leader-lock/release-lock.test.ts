import { describe, expect, test } from 'vitest'
import type { ContainerNow } from '../../../../../src/clients/docker/docker-control.ts'
import type { ServiceCommands } from '../../../../../src/clients/docker/service-commands.ts'
import type { DcsCommands, DcsEntry } from '../../../../../src/clients/patroni/patroni-keys-commands.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import { ReleaseLeaderLockInput } from '../../../../../src/operations/leadership/release-leader-lock/release-leader-lock-input.ts'
import { releaseLock } from '../../../../../src/operations/leadership/release-leader-lock/release-lock.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const ID = `0123456789ab${'c'.repeat(52)}`
const memberIn = (container: string) => JSON.stringify({ role: 'primary', tags: { howdah_container: container } })

/** etcd's keys of the cluster, and Docker's word of the container of db1. */
function worldOf(given: {
  member?: string
  container?: Partial<ContainerNow>
  onInspect?: (keys: Map<string, string>) => void
}) {
  const { member = memberIn(ID.slice(0, 12)), container = {}, onInspect = () => {} } = given
  const keys = new Map([
    ['leader', 'db1'],
    ['config', '{}'],
    ['members/db1', member],
  ])
  const read = (key: string): DcsEntry | null => {
    const value = keys.get(key)
    // Each value stands for a revision of its own.
    return value === undefined ? null : { value, modRevision: value }
  }
  const dcs: Partial<DcsCommands> = {
    read: async (key) => read(key),
    writeIf: async (key, value, unchanged) => {
      const isAsRead = Object.entries(unchanged).every(([name, was]) => read(name)?.modRevision === was?.modRevision)
      if (isAsRead && value === null) keys.delete(key)
      return isAsRead
    },
  }
  const services: Partial<ServiceCommands> = {
    inspect: async () => {
      onInspect(keys)
      return { id: ID, status: 'exited', running: false, ...container } as ContainerNow
    },
  }
  const input = Object.assign(new ReleaseLeaderLockInput(), { node: 'db1' })
  const clients = { dcs: dcs as DcsCommands, services: services as ServiceCommands }
  const context = fakeStepContext({ input, clients })
  return { run: () => releaseLock.run(context), isHeld: () => keys.has('leader') }
}

describe('the lock of a leader', () => {
  test('is released when the very container that took it has ended', async () => {
    const { run, isHeld } = worldOf({})
    await run()
    expect(isHeld()).toBe(false)
  })

  test.each([
    [
      'an old container of its service has ended',
      { container: { id: 'f'.repeat(64) } },
      /is not the one in which db1 took the lock/,
    ],
    ['it does not say which container is its own', { member: '{"role":"primary"}' }, /is not the one/],
    ['its container runs', { container: { status: 'running', running: true } }, /is running: it may still write/],
    ['its container is frozen', { container: { status: 'paused', running: true } }, /is paused/],
    ['its container was made and never started', { container: { status: 'created' } }, /is created/],
  ])('stays where %s', async (_, given, why) => {
    const { run, isHeld } = worldOf(given)
    await expect(run()).rejects.toMatchObject({ code: 'LEADER_NOT_DEAD', message: expect.stringMatching(why) })
    expect(isHeld()).toBe(true)
  })

  test('stays where Docker cannot be asked', async () => {
    const onInspect = () => {
      throw new UnreachableError('Docker db1', 'no answer')
    }
    const { run, isHeld } = worldOf({ onInspect })
    await expect(run()).rejects.toThrow(UnreachableError)
    expect(isHeld()).toBe(true)
  })

  test('stays where the node has come back in another container while Docker was asked', async () => {
    const onInspect = (keys: Map<string, string>) => keys.set('members/db1', memberIn('f'.repeat(12)))
    const { run, isHeld } = worldOf({ onInspect })
    await expect(run()).rejects.toMatchObject({ code: 'LEADER_NOT_DEAD' })
    expect(isHeld()).toBe(true)
  })
})
