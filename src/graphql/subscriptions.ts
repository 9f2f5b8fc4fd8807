import { Arg, Ctx, ID, Int, Resolver, Root, Subscription } from 'type-graphql'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import { ClusterView } from '../domain/cluster/cluster-view.ts'
import type { LogLine } from '../domain/cluster/log-line.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { Health } from '../domain/health/health.ts'
import type { IssueEvent } from '../domain/health/issue-events.ts'
import type { OperationRecord } from '../domain/operation/operation.ts'
import type { OperationEvent } from '../domain/operation/operation-events.ts'
import type { RecoveryRecord } from '../domain/recovery/recovery.ts'
import { type ArchivedWal, followWal } from './follow-wal.ts'
import { healthNow } from './health-now.ts'
import { backupServerNamed, clusterSource, serviceSource } from './lookup.ts'
import { readId } from './read-id.ts'
import type { ApiContext, ApiDependencies } from './request-context.ts'
import { abortable } from './streams/abortable.ts'
import { latestRecord } from './streams/latest-record.ts'
import { latestValue } from './streams/latest-value.ts'
import { WalSegmentType } from './types/backup/wal-segment.ts'
import { ClusterType } from './types/cluster/cluster.ts'
import { HealthType, toHealth } from './types/cluster/health.ts'
import { IssueEventType } from './types/cluster/issue-event.ts'
import { DEFAULT_LOG_LINES, LogLineType, MAX_LOG_LINES, readTail } from './types/cluster/service.ts'
import { OperationFilterInput, OperationType } from './types/operation/operation.ts'
import { toOperationEvent } from './types/operation/operation-event.ts'
import { OperationEventType } from './types/operation/operation-event-base.ts'
import { toFilter } from './types/operation/operation-pages.ts'
import { RecoveryType } from './types/recovery/recovery.ts'

interface Subscribing<A> {
  readonly args: A
  readonly context: ApiContext
}

/** An operation's record as it is after each of its events. */
function followRecord({ log, feed }: ApiDependencies, operationId: string): AsyncIterableIterator<OperationRecord> {
  const follow = async () => {
    const { events } = await log.events(operationId, { limit: 1, from: null, backward: true })
    return feed.followOperation(operationId, events[0]?.cursor ?? null)
  }
  return latestRecord(follow, async () => {
    const record = await log.get(operationId)
    if (record === null) throw new NotFoundError(`there is no operation ${operationId}`)
    return record
  })
}

function hasSameIssues(health: Health, last: Health): boolean {
  const told = ({ issues }: Health) => issues.map(({ id, severity }) => `${severity} ${id}`).sort()
  return told(health).join() === told(last).join()
}

interface WalArchivedArgs {
  readonly server?: string | null
  readonly cluster?: string | null
  readonly after?: string | null
}

const AFTER = 'A cursor: start with the event after it.'
const CLUSTER = 'Patroni scope; the only one when left out.'

/** Live fields. Each ends its source as soon as the subscriber leaves. */
@Resolver()
export class Subscriptions {
  @Subscription(() => OperationEventType, {
    description:
      "One operation's events: those after cursor `after` (from the first without it), then live; completes after the last. Errors: NOT_FOUND, CURSOR_EXPIRED, OPERATION_LOG_UNAVAILABLE.",
    subscribe: ({ args, context }: Subscribing<{ operationId: string; after?: string | null }>) =>
      context.deps.feed.followOperation(readId('Operation', args.operationId), args.after ?? null),
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

  @Subscription(() => OperationType, {
    description:
      'An operation at once, then each time that it changes; completes with its end. Changes that come faster than they are read are one. Errors: NOT_FOUND, OPERATION_LOG_UNAVAILABLE.',
    subscribe: ({ args, context }: Subscribing<{ id: string }>) =>
      followRecord(context.deps, readId('Operation', args.id)),
  })
  operationUpdates(
    @Root() record: OperationRecord,
    @Arg('id', () => ID, { description: 'Its id, with or without "Operation:".' }) _id: string,
  ): OperationType {
    return new OperationType(record)
  }

  @Subscription(() => HealthType, {
    description:
      'The health at once, then when an issue comes, goes or changes its severity. Changes that come faster than they are read are one. Errors: NOT_FOUND.',
    subscribe: ({ args, context: { deps } }: Subscribing<{ cluster?: string | null }>) => {
      const source = clusterSource(deps, args.cluster)
      return latestValue(
        () => healthNow(deps, source.current()),
        (listener) => source.onChange(listener),
        hasSameIssues,
      )
    },
  })
  healthUpdates(
    @Root() health: Health,
    @Arg('cluster', () => String, { nullable: true, description: CLUSTER }) cluster: string | null | undefined,
    @Ctx() { deps }: ApiContext,
  ): HealthType {
    return toHealth(deps, clusterSource(deps, cluster).current().name, health)
  }

  @Subscription(() => IssueEventType, {
    description:
      'What became of issues: the events after cursor `after` (only new ones without it), then live, without end. One feed for all clusters, written once, however many processes of Howdah run; an issue that lasts over a restart is not told again. Errors: NOT_FOUND, CURSOR_EXPIRED, OPERATION_LOG_UNAVAILABLE.',
    subscribe: ({ args, context: { deps } }: Subscribing<{ cluster?: string | null; after?: string | null }>) => {
      const of = args.cluster == null ? null : clusterSource(deps, args.cluster).current().name
      const passes = ({ cluster }: IssueEvent) => (of === null ? deps.clusters.has(cluster) : cluster === of)
      return deps.issueFeed.follow(passes, args.after ?? null)
    },
  })
  issueEvents(
    @Root() event: IssueEvent,
    @Arg('cluster', () => String, { nullable: true, description: 'Patroni scope; every cluster when left out.' })
    _cluster: string | null | undefined,
    @Arg('after', () => String, { nullable: true, description: AFTER }) _after: string | null | undefined,
  ): IssueEventType {
    return new IssueEventType(event)
  }

  @Subscription(() => RecoveryType, {
    description:
      'A recovery at once, then each time that it changes; completes after the state in which it ends. Changes that come faster than they are read are one. Errors: NOT_FOUND, OPERATION_LOG_UNAVAILABLE.',
    subscribe: ({ args, context }: Subscribing<{ id: string }>) =>
      context.deps.recoveryFeed.follow(readId('Recovery', args.id)),
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
    @Arg('cluster', () => String, { nullable: true, description: CLUSTER }) _cluster: string | null | undefined,
  ): ClusterType {
    return new ClusterType(ClusterView.of(snapshot))
  }

  @Subscription(() => WalSegmentType, {
    description:
      'The WAL segments of a Barman server, in the order in which it files them: those behind the segment `after` (only new ones without it), then each when it is filed, without end. Within a timeline that is their order, save for WAL that came late. Errors: NOT_FOUND, CLUSTER_REQUIRED; BAD_USER_INPUT for what is no segment; CURSOR_EXPIRED for one that is not in the catalogue any more.',
    subscribe: ({ args, context }: Subscribing<WalArchivedArgs>) => {
      const { source, server } = backupServerNamed(context.deps, { cluster: args.cluster, name: args.server })
      return followWal(source, server, args.after ?? null)
    },
  })
  walArchived(
    @Root() { server, segment }: ArchivedWal,
    @Arg('server', () => String, { nullable: true, description: "Barman server; the cluster's own when left out." })
    _server: string | null | undefined,
    @Arg('cluster', () => String, {
      nullable: true,
      description: 'Whose server it is; the only one that has a server of that name when left out.',
    })
    _cluster: string | null | undefined,
    @Arg('after', () => String, { nullable: true, description: "A segment's name: start behind it." })
    _after: string | null | undefined,
  ): WalSegmentType {
    return new WalSegmentType(server, segment)
  }

  @Subscription(() => LogLineType, {
    description:
      "A service's last lines, then those to come. Read no faster than the subscriber takes them: Docker keeps the rest. Errors: NOT_FOUND, UNREACHABLE, CLUSTER_REQUIRED where several clusters have such a service.",
    subscribe: ({ args, context }: Subscribing<{ service: string; cluster?: string | null; tail?: number | null }>) => {
      const tail = readTail(args.tail)
      const source = serviceSource(context.deps, args.service, args.cluster)
      return abortable((signal) => source.streamLogs(args.service, tail, null, signal))
    },
  })
  serviceLogs(
    @Root() line: LogLine,
    @Arg('service', () => String, { description: 'Its name in the compose file.' }) _service: string,
    @Arg('cluster', () => String, {
      nullable: true,
      description: 'The only one that has such a service when left out.',
    })
    _cluster: string | null | undefined,
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
