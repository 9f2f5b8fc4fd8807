import type { OperationService } from '../admission/operation-service.ts'
import type { ServiceCommands } from '../clients/docker/service-commands.ts'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import { NodeState, ServiceState } from '../domain/cluster/node.ts'
import { viewNodes } from '../domain/cluster/node-view.ts'
import { HowdahError, messageOf } from '../domain/errors.ts'
import { type Actor, Role } from '../domain/operation/operation.ts'
import { isUnsettled, type RecoveryRecord } from '../domain/recovery/recovery.ts'
import type { OperationLog } from '../events/operation-log.ts'
import type { RecoveryStore } from '../events/recovery-store.ts'
import { serviceOf } from '../operations/node-access/node-health.ts'
import { patroniKeptDownBy } from '../operations/node-access/patroni-service.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import { guardInForce, whyGuarded } from '../operations/recovery/lift-timeline-guard/lift-guard.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'

/** Howdah itself. */
const HOWDAH: Actor = { name: 'howdah', role: Role.ADMIN }
const LOOK_MS = 10_000
/** What did not help is asked for again after so long, and after `LATER_MS` when it has not helped for that long. */
const SOON_MS = 60_000
const LATER_MS = 600_000

export interface SettleDependencies {
  readonly layout: ClusterLayout
  readonly current: () => ClusterSnapshot
  readonly services: ServiceCommands
  readonly log: Pick<OperationLog, 'active'>
  readonly recoveries: Pick<RecoveryStore, 'list'>
  readonly operations: Pick<OperationService, 'submit'>
  readonly clock: Clock
  readonly logger: Logger
}

/** One thing that an operation left when it ended, and what puts it right. */
interface Leftover {
  readonly kind: 'settleRecovery' | 'liftTimelineGuard' | 'startService'
  readonly input: Readonly<Record<string, unknown>>
  readonly why: string
  /** The same whichever worker sees it. */
  readonly key: string
}

/**
 * Puts right, at the worker's start and ever after, what an operation was to put back and has left: a recovery that nobody
 * works on, check_timeline in Patroni's configuration, a node that is kept down. Each is an operation of its own, asked for
 * once a round, however many workers see it. What an operation that has not ended works on is left to it.
 */
export function settleWhatIsLeft(deps: SettleDependencies): () => void {
  const { layout, log, operations, clock, logger } = deps
  const cluster = layout.name
  const asked = new Set<string>()
  let looking = false

  async function ask({ kind, input, why, key }: Leftover): Promise<void> {
    if (asked.has(key)) return
    const request: OperationInput = { cluster, ...input, reason: why, idempotencyKey: key }
    const { operation, refusals } = await operations.submit(kind, request, HOWDAH)
    if (operation === null) {
      logger.warn({ kind, ...input, refusals }, 'what an operation has left is not put right yet')
      return
    }
    asked.add(key)
    logger.info({ kind, ...input, operation: operation.id }, 'putting right what an operation has left')
  }

  async function look(): Promise<void> {
    // First: what ends after this look has settled its recovery before the next.
    const active = new Set(await log.active())
    const recoveries = await unsettled(deps, active)
    // A recovery that is settled takes its nodes and its guard along.
    const others = recoveries.length > 0 ? [] : [...guardLeft(deps, active), ...(await nodesLeftDown(deps, active))]
    for (const leftover of [...recoveries, ...others]) await ask(leftover)
  }

  const lookOnce = () => {
    if (looking) return
    looking = true
    look()
      .catch((error: unknown) => logger.warn({ cluster, error: messageOf(error) }, 'looking for what operations left'))
      .finally(() => {
        looking = false
      })
  }
  lookOnce()
  return clock.every(LOOK_MS, lookOnce)
}

async function unsettled({ layout, recoveries, clock }: SettleDependencies, active: ReadonlySet<string>) {
  const now = clock.now().getTime()
  const left = (await recoveries.list(layout.name)).filter(
    (record) => isUnsettled(record) && !active.has(record.operationId),
  )
  return left.map(
    (record): Leftover => ({
      kind: 'settleRecovery',
      input: { recovery: record.id },
      why: `operation ${record.operationId} has ended and left it ${record.status}`,
      key: `settle-recovery:${record.id}:${record.operationId}:${roundSince(record, now)}`,
    }),
  )
}

/** Every minute at first; what has not helped for ten may wait for a person. */
function roundSince({ updatedAt }: RecoveryRecord, now: number): string {
  const since = now - Date.parse(updatedAt)
  return since < LATER_MS ? `${Math.floor(since / SOON_MS)}` : `later-${Math.floor(since / LATER_MS)}`
}

function guardLeft({ current, clock }: SettleDependencies, active: ReadonlySet<string>): Leftover[] {
  const by = guardInForce(current())
  if (by === null || active.has(by) || whyGuarded(current()) !== null) return []
  return [
    {
      kind: 'liftTimelineGuard',
      input: {},
      why: `operation ${by} has ended, and every node follows`,
      key: `lift-guard:${by}:${laterRound(clock)}`,
    },
  ]
}

/** Only where the container runs and Patroni does not answer is anybody asked. */
async function nodesLeftDown(
  { layout, current, services, clock, logger }: SettleDependencies,
  active: ReadonlySet<string>,
): Promise<Leftover[]> {
  const silent = viewNodes(current()).filter(
    ({ state, service }) => state === NodeState.UNREACHABLE && service?.state === ServiceState.RUNNING,
  )
  const found = silent.map(async ({ name }): Promise<Leftover[]> => {
    const service = serviceOf(layout, name)
    try {
      const by = await patroniKeptDownBy(services, service)
      if (by === null || active.has(by)) return []
      const why = `operation ${by} has ended and left its Patroni down`
      return [
        { kind: 'startService', input: { service }, why, key: `start-kept:${service}:${by}:${laterRound(clock)}` },
      ]
    } catch (error) {
      if (!(error instanceof HowdahError)) throw error
      logger.warn({ service, error: messageOf(error) }, 'whether its Patroni is kept down cannot be told')
      return []
    }
  })
  return (await Promise.all(found)).flat()
}

function laterRound(clock: Clock): number {
  return Math.floor(clock.now().getTime() / LATER_MS)
}
