import { HowdahError } from '../../domain/errors.ts'

/** A service's container was started, and the service is not healthy. */
export class NotWellError extends HowdahError {
  readonly code = 'NOT_WELL'
  constructor(
    readonly service: string,
    readonly lastSeen: string,
    /** Seconds that it was waited for. */
    readonly waitedSeconds: number,
  ) {
    super(`${service} is not healthy after ${Math.round(waitedSeconds)} s: ${lastSeen}`, {
      remedy: `Read what it says: cluster.service(name: "${service}") has its state and logs.`,
      retryable: true,
    })
  }
}

/** A node's container runs, but its Patroni has no etcd to join its cluster by. */
export class NoQuorumToJoinError extends HowdahError {
  readonly code = 'ETCD_NO_QUORUM'
  constructor(readonly service: string) {
    super(`the container of ${service} runs, but etcd has no quorum, so its PostgreSQL cannot join the cluster`, {
      remedy: 'Start the etcd members that cluster.etcd shows as down (startService); the node then joins by itself.',
      retryable: true,
    })
  }
}

/** The leader is stopped and no node has taken over. */
export class NoNewLeaderError extends HowdahError {
  readonly code = 'NO_LEADER'
  constructor(
    readonly service: string,
    readonly expected: readonly string[],
  ) {
    super(`${service} is stopped, and none of ${expected.join(', ')} has taken over`, {
      remedy: `See cluster.health for why; startService(input: {service: "${service}"}) brings the old leader back.`,
    })
  }
}

/** The container that was to be replaced is gone, and not by this operation. */
export class ContainerGoneError extends HowdahError {
  readonly code = 'SERVICE_MISSING'
  constructor(readonly service: string) {
    super(`${service} no longer has a container, and none was set aside`, {
      remedy: 'Make the missing containers with `npm start`; those that run are left alone.',
    })
  }
}
