import { HowdahError } from '../../domain/errors.ts'

/** Patroni would not restart a node's PostgreSQL, or could not. */
export class RestartFailedError extends HowdahError {
  readonly code = 'RESTART_FAILED'
  constructor(
    readonly node: string,
    /** Patroni's own words. */
    readonly reason: string,
  ) {
    super(`PostgreSQL on ${node} was not restarted: ${reason}`, {
      remedy: `See the logs of service ${node} for why, then retry the operation (retryOperation).`,
      retryable: true,
    })
  }
}

/** The cluster is not as it was when the operation began, and going on would make it worse. */
export class ClusterUnhealthyError extends HowdahError {
  readonly code = 'CLUSTER_UNHEALTHY'
  constructor(readonly reasons: readonly string[]) {
    super(`stopped, because the cluster is no longer healthy: ${reasons.join('; ')}`, {
      remedy:
        'See cluster.health. Once the cluster is healthy, retry the operation (retryOperation): it goes on with what is left.',
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

/** A node runs with an old value after it was restarted for the new one. */
export class RestartStillPendingError extends HowdahError {
  readonly code = 'RESTART_STILL_PENDING'
  constructor(readonly nodes: readonly string[]) {
    super(`every node was restarted, and a restart is pending still: ${nodes.join('; ')}`, {
      remedy:
        'If the configuration was changed meanwhile, restartCluster(input: {pendingOnly: true}) once more. Else look for the parameter in the logs of the node: PostgreSQL may not take its value.',
    })
  }
}
