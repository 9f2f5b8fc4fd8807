import { Arg, ID, Int, Resolver, Root, Subscription } from 'type-graphql'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import { ClusterView } from '../domain/cluster/cluster-view.ts'
import type { LogLine } from '../domain/cluster/log-line.ts'
import type { OperationEvent } from '../domain/operation/operation-events.ts'
import type { RecoveryRecord } from '../domain/recovery/recovery.ts'
import type { WalSegment } from '../domain/wal/wal-catalogue.ts'
import { backupServerNamed, clusterSource, serviceSource } from './lookup.ts'
import type { ApiContext } from './request-context.ts'
import { abortable } from './streams/abortable.ts'
import { boundedQueue } from './streams/bounded-queue.ts'
import { latestValue } from './streams/latest-value.ts'
import { WalSegmentType } from './types/backup/wal-segment.ts'
import { ClusterType } from './types/cluster/cluster.ts'
import { DEFAULT_LOG_LINES, LogLineType, MAX_LOG_LINES, readTail } from './types/cluster/service.ts'
import { OperationFilterInput } from './types/operation/operation.ts'
import { toOperationEvent } from './types/operation/operation-event.ts'
import { OperationEventType } from './types/operation/operation-event-base.ts'
import { readOperationId, toFilter } from './types/operation/operation-pages.ts'
import { RecoveryType } from './types/recovery/recovery.ts'
import { readRecoveryId } from './types/recovery/recovery-pages.ts'

interface Subscribing<A> {
  readonly args: A
  readonly context: ApiContext
}

interface ArchivedWal {
  readonly server: string
  readonly segment: WalSegment
}

const WAITING_WALS = 1_000
const AFTER = 'A cursor: start with the event after it.'

/** Live fields. Each ends its source as soon as the subscriber leaves. */
@Resolver()
export class Subscriptions {
  @Subscription(() => OperationEventType, {
    description:
      "One operation's events: those after cursor `after` (from the first without it), then live; completes after the last. Errors: NOT_FOUND, CURSOR_EXPIRED, OPERATION_LOG_UNAVAILABLE.",
    subscribe: ({ args, context }: Subscribing<{ operationId: string; after?: string | null }>) =>
      context.deps.feed.followOperation(readOperationId(args.operationId), args.after ?? null),
  })
  operationEvents(
    @Root() event: OperationEvent,
    @Arg('operationId', () => ID, { description: 'Its id, with or without "Operation:".' }) _operationId: string,
    @Arg('after', () => String, { nullable: true, description: AFTER }) _after: string | null | undefined,
  ): OperationEventType {
    return toOperationEvent(event)
  }

  @Subscription(() => OperationEventType, {
    description:
      "Every operation's events: those after cursor `after` (only new ones without it), then live, without end. Errors: CURSOR_EXPIRED, OPERATION_LOG_UNAVAILABLE.",
    subscribe: ({ args, context }: Subscribing<{ filter?: OperationFilterInput | null; after?: string | null }>) =>
      context.deps.feed.followAll(toFilter(args.filter), args.after ?? null),
  })
  operationFeed(
    @Root() event: OperationEvent,
    @Arg('filter', () => OperationFilterInput, { nullable: true, description: 'Narrows them; `statuses` does not.' })
    _filter: OperationFilterInput | null | undefined,
    @Arg('after', () => String, { nullable: true, description: AFTER }) _after: string | null | undefined,
  ): OperationEventType {
    return toOperationEvent(event)
  }

  @Subscription(() => RecoveryType, {
    description:
      'A recovery at once, then each time that it changes; completes after the state in which it ends. Changes that come faster than they are read are one. Errors: NOT_FOUND, OPERATION_LOG_UNAVAILABLE.',
    subscribe: ({ args, context }: Subscribing<{ id: string }>) =>
      context.deps.recoveryFeed.follow(readRecoveryId(args.id)),
  })
  recoveryUpdates(
    @Root() record: RecoveryRecord,
    @Arg('id', () => ID, { description: 'Its id, with or without "Recovery:".' }) _id: string,
  ): RecoveryType {
    return new RecoveryType(record)
  }

  @Subscription(() => ClusterType, {
    description:
      'The cluster at once, then each time that its topology changes. Changes that come faster than they are read are one. Errors: NOT_FOUND.',
    subscribe: ({ args, context }: Subscribing<{ cluster?: string | null }>) => {
      const source = clusterSource(context.deps, args.cluster)
      return latestValue(
        () => source.current(),
        (listener) => source.onTopologyChange(listener),
      )
    },
  })
  clusterUpdates(
    @Root() snapshot: ClusterSnapshot,
    @Arg('cluster', () => String, {
      nullable: true,
      description: 'Patroni scope; the only or first configured one when left out.',
    })
    _cluster: string | null | undefined,
  ): ClusterType {
    return new ClusterType(ClusterView.of(snapshot))
  }

  @Subscription(() => WalSegmentType, {
    description: `Each WAL segment when Barman has archived it. Errors: NOT_FOUND; SUBSCRIBER_TOO_SLOW when ${WAITING_WALS} segments behind.`,
    subscribe: ({ args, context }: Subscribing<{ server?: string | null }>) => {
      const { source, server } = backupServerNamed(context.deps, args.server)
      const remedy = 'Read what is missing with backupServer.wals(after:), then subscribe again.'
      return boundedQueue<ArchivedWal>(WAITING_WALS, remedy, (listener) =>
        source.onWalArchived((segment, from) => {
          if (from === server.name) listener({ server: from, segment })
        }),
      )
    },
  })
  walArchived(
    @Root() { server, segment }: ArchivedWal,
    @Arg('server', () => String, {
      nullable: true,
      description: "Barman server; the first cluster's own when left out.",
    })
    _server: string | null | undefined,
  ): WalSegmentType {
    return new WalSegmentType(server, segment)
  }

  @Subscription(() => LogLineType, {
    description:
      "A service's last lines, then those to come. Read no faster than the subscriber takes them: Docker keeps the rest. Errors: NOT_FOUND, UNREACHABLE.",
    subscribe: ({ args, context }: Subscribing<{ service: string; tail?: number | null }>) => {
      const tail = readTail(args.tail)
      const source = serviceSource(context.deps, args.service)
      return abortable((signal) => source.streamLogs(args.service, tail, null, signal))
    },
  })
  serviceLogs(
    @Root() line: LogLine,
    @Arg('service', () => String, { description: 'Its name in the compose file.' }) _service: string,
    @Arg('tail', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_LOG_LINES,
      description: `Lines from the end to start with, 0 to ${MAX_LOG_LINES}.`,
    })
    _tail: number | null | undefined,
  ): LogLine {
    return line
  }
}
