import { HowdahError } from '../../domain/errors.ts'
import type { JsonChange } from '../../domain/merge-patch.ts'

/** Patroni would not restart a node's PostgreSQL, or could not. */
export class RestartFailedError extends HowdahError {
  readonly code = 'RESTART_FAILED'
  constructor(
    readonly node: string,
    /** Patroni's own words. */
    readonly reason: string,
  ) {
    super(`PostgreSQL on ${node} was not restarted: ${reason}`, {
      remedy: `See the logs of service ${node} for why, then retry the operation with retryOperation.`,
      retryable: true,
    })
  }
}

/** The cluster is not as it was when the operation began, and going on would make it worse. */
export class ClusterUnhealthyError extends HowdahError {
  readonly code = 'CLUSTER_UNHEALTHY'
  constructor(readonly reasons: readonly string[]) {
    super(`stopped, because the cluster is not well any more: ${reasons.join('; ')}`, {
      remedy: 'See cluster.health. Once the cluster is well, retryOperation goes on with what is left.',
      retryable: true,
    })
  }
}

/** The leader is the same after a switchover that was to move it. */
export class LeaderNotMovedError extends HowdahError {
  readonly code = 'SWITCHOVER_FAILED'
  constructor(
    readonly leader: string,
    reason: string,
  ) {
    super(`${leader} still leads: ${reason}`, {
      remedy: 'See switchoverEligibility of the nodes. The replicas have been restarted; retryOperation goes on.',
      retryable: true,
    })
  }
}

/** Patroni would not begin to reinitialize a node. */
export class ReinitializeRefusedError extends HowdahError {
  readonly code = 'REINITIALIZE_REFUSED'
  constructor(
    readonly node: string,
    reason: string,
  ) {
    super(`Patroni does not reinitialize ${node}: ${reason}`, {
      remedy: 'Wait for what is running on the node, or ask with force: true, which cancels it.',
      retryable: true,
    })
  }
}

/** The dynamic configuration is not the one any more that the plan was made on. */
export class ConfigurationConflictError extends HowdahError {
  readonly code = 'CONFLICT'
  constructor(readonly changes: readonly JsonChange[]) {
    const told = changes.map(({ path, from, to }) => `${path} (${text(from)} -> ${text(to)})`).join(', ')
    super(`somebody else changed the configuration since this was planned: ${told || 'and changed it back'}`, {
      remedy: 'Read the new configuration and ask again: the plan will show what the patch does to it.',
    })
  }
}

/** Patroni answered a change of its configuration with a refusal. */
export class ConfigurationRefusedError extends HowdahError {
  readonly code = 'CONFIGURATION_REFUSED'
  constructor(reason: string) {
    super(`Patroni did not take the configuration: ${reason}`, {
      remedy: 'See cluster.etcd: without its quorum nothing can be written.',
      retryable: true,
    })
  }
}

function text(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
