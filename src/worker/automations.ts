import type { OperationService } from '../admission/operation-service.ts'
import { HOWDAH } from '../admission/permissions.ts'
import type { NodeData } from '../clients/agent/node-data.ts'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import { messageOf } from '../domain/errors.ts'
import type { OperationLog } from '../events/operation-log.ts'
import { readUnfinishedWork } from '../events/read-unfinished-work.ts'
import type { RecoveryStore } from '../events/recovery-store.ts'
import type { AutomaticRequest, Automation, AutomationContext, AutomationSettings } from '../operations/automation.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'

/** Milliseconds between two requests with one key, where the first was refused or got no answer. */
const AGAIN_MS = 1_500

export interface AutomationDependencies {
  readonly registry: OperationRegistry
  readonly layout: ClusterLayout
  readonly settings: AutomationSettings
  readonly current: () => ClusterSnapshot
  readonly onChange: (listener: () => void) => () => void
  readonly nodeData: (service: string) => NodeData
  readonly log: Pick<OperationLog, 'active'>
  readonly recoveries: Pick<RecoveryStore, 'list'>
  readonly operations: Pick<OperationService, 'submit'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Runs every kind's automation for one cluster, until the returned function is called. */
export function startAutomations(dependencies: AutomationDependencies): () => void {
  const stops = [...dependencies.registry.values()].flatMap(({ name, automation }) =>
    automation === undefined || automation.isOn?.(dependencies.settings) === false
      ? []
      : [startAutomation(dependencies, name, automation)],
  )
  return () => {
    for (const stop of stops) stop()
  }
}

function startAutomation(dependencies: AutomationDependencies, kind: string, automation: Automation): () => void {
  const { layout, operations, clock, logger } = dependencies
  const context = contextOf(dependencies, kind)
  /** Of the needs that were seen last: the keys that were accepted, and when the others were requested. */
  let accepted: ReadonlySet<string> = new Set()
  let refusedAt: ReadonlyMap<string, number> = new Map()
  let looking = false
  let changed = false

  async function request({ input, reason, key }: AutomaticRequest): Promise<boolean> {
    const whole: OperationInput = { cluster: layout.name, ...input, reason, idempotencyKey: key }
    const { operation, refusals } = await operations.submit(kind, whole, HOWDAH)
    if (operation === null) logger.warn({ kind, ...input, reason, refusals }, 'an automatic request was refused')
    else logger.info({ kind, ...input, reason, operation: operation.id }, 'requested automatically')
    return operation !== null
  }

  async function look(): Promise<void> {
    const needs = await automation.findNeeds(context)
    const nowAccepted = new Set<string>()
    const nowRefused = new Map<string, number>()
    try {
      for (const need of needs) {
        const { key } = need
        const last = refusedAt.get(key) ?? Number.NEGATIVE_INFINITY
        if (accepted.has(key)) nowAccepted.add(key)
        else if (clock.elapsedMs() - last < AGAIN_MS) nowRefused.set(key, last)
        else {
          // Before it is answered: one that cannot be answered is not repeated at once either.
          nowRefused.set(key, clock.elapsedMs())
          if (!(await request(need))) continue
          nowRefused.delete(key)
          nowAccepted.add(key)
        }
      }
    } finally {
      accepted = nowAccepted
      refusedAt = nowRefused
    }
  }

  const lookOnce = () => {
    changed = true
    if (looking) return
    looking = true
    void lookWhileChanged().finally(() => {
      looking = false
    })
  }

  async function lookWhileChanged(): Promise<void> {
    while (changed) {
      changed = false
      await look().catch((error: unknown) => logger.warn({ kind, error: messageOf(error) }, 'automation'))
    }
  }

  lookOnce()
  const stopTicking = clock.every(automation.everyMs, lookOnce)
  const stopListening = automation.onChange === true ? dependencies.onChange(lookOnce) : () => {}
  return () => {
    stopTicking()
    stopListening()
  }
}

function contextOf(dependencies: AutomationDependencies, kind: string): AutomationContext {
  const { layout, current, nodeData, log, recoveries, clock, logger } = dependencies
  return {
    layout,
    cluster: current,
    nodeData,
    readUnfinished: () => readUnfinishedWork({ log, recoveries }, layout.name),
    now: () => clock.now(),
    warn: (about, message) => logger.warn({ kind, ...about }, message),
  }
}
