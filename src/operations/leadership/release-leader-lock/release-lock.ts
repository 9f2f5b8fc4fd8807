import { z } from 'zod'
import type { DcsEntry } from '../../../clients/patroni/patroni-keys-commands.ts'
import { isContainerOf } from '../../../domain/cluster/dead-leader.ts'
import { HowdahError, WaitTimeoutError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { ReleaseLeaderLockInput } from './release-leader-lock-input.ts'

/** Releasing would not be safe, or not what the operators of the cluster want. */
export class LeaderNotDeadError extends HowdahError {
  readonly code = 'LEADER_NOT_DEAD'
}

type Context = StepContext<ReleaseLeaderLockInput>

const TRIES = 5
const configSchema = z.looseObject({ pause: z.boolean().nullish() })
const memberSchema = z.looseObject({ tags: z.record(z.string(), z.unknown()).nullish() })

/**
 * Removes the lock in one transaction that holds only while the lock, its holder's member key and the configuration are as
 * they were read, and after Docker, asked in between, has said that the container of that key has ended. Where anything
 * has changed, all is read again.
 */
export const releaseLock: Step<ReleaseLeaderLockInput> = {
  name: 'release-lock',
  title: 'Release the lock',
  usualSeconds: 0.1,
  irreversible: true,

  async isDone(context) {
    return (await heldLock(context)) === null ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { dcs } = context.clients
    for (let tries = 0; tries < TRIES; tries += 1) {
      const memberKey = `members/${context.input.node}`
      const [lock, config, member] = await Promise.all([heldLock(context), dcs.read('config'), dcs.read(memberKey)])
      if (lock === null) {
        context.log(`${context.input.node} no longer holds the lock: nothing is left to release`)
        return undefined
      }
      if (config !== null && configSchema.parse(JSON.parse(config.value)).pause === true) {
        throw new LeaderNotDeadError('the cluster is paused: Patroni elects no leader, and Howdah does not make it')
      }
      await assertEnded(context, member)
      await context.checkFence()
      if (await dcs.writeIf('leader', null, { leader: lock, config, [memberKey]: member })) {
        context.log(`Released the lock of ${context.input.node}`, LogLevel.WARNING)
        return undefined
      }
    }
    throw new WaitTimeoutError("the leader's lock to stand still", 'it changes all the time', 0)
  },
}

/** The lock as it stands; null when the dead leader does not hold it. */
async function heldLock(context: Context): Promise<DcsEntry | null> {
  const lock = await context.clients.dcs.read('leader')
  return lock?.value === context.input.node ? lock : null
}

/** Asks Docker itself; throws UnreachableError when it cannot be asked: then nothing is certain. */
async function assertEnded(context: Context, member: DcsEntry | null): Promise<void> {
  const { node } = context.input
  const { service } = context.layout.nodes.find(({ name }) => name === node) ?? {}
  if (service === undefined) throw new LeaderNotDeadError(`${node} is not a configured node`)
  const { id, status, running } = await context.clients.services.inspect(service)
  if (running || (status !== 'exited' && status !== 'dead')) {
    throw new LeaderNotDeadError(`the container of ${node} is ${status}: it may still write`)
  }
  const { tags } = member === null ? {} : memberSchema.parse(JSON.parse(member.value))
  if (isContainerOf(tags ?? {}, id)) return
  throw new LeaderNotDeadError(
    `the container of ${service} that has ended, ${id.slice(0, 12)}, is not the one in which ${node} took the lock: that one may still write`,
  )
}
