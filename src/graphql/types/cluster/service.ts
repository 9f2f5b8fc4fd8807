import { Arg, Ctx, Field, Float, ID, Int, ObjectType } from 'type-graphql'
import type { ServiceSnapshot, ServiceStatus } from '../../../domain/cluster/cluster.ts'
import type { LogLine } from '../../../domain/cluster/log-line.ts'
import { ServiceState } from '../../../domain/cluster/node.ts'
import { seenNow } from '../../../domain/observed.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import type { GivenTime } from '../../../domain/timestamp.ts'
import { describeEnum } from '../../../operations/describe-enum.ts'
import { badUserInput } from '../../format-error.ts'
import { clusterSource } from '../../lookup.ts'
import { readTime } from '../../read-time.ts'
import type { ApiContext } from '../../request-context.ts'
import { ByteCount, DateTime } from '../common/output-scalars.ts'
import { NodeType } from '../common/relay-node.ts'

export const DEFAULT_LOG_LINES = 100
export const MAX_LOG_LINES = 10_000

enum LogStream {
  STDOUT = 'stdout',
  STDERR = 'stderr',
}
describeEnum(LogStream, 'LogStream', 'Where a service wrote a line.', {
  stdout: 'Standard output.',
  stderr: 'Standard error.',
})

@ObjectType('LogLine', {
  description: "One line that a service wrote. Source: Docker's log of its container.",
  simpleResolvers: true,
})
export class LogLineType implements LogLine {
  @Field(() => DateTime, { description: 'When Docker received it.' })
  at!: Date

  @Field(() => LogStream, { description: 'Where it was written to.' })
  stream!: LogLine['stream']

  @Field(() => String, { description: "Without the line's end." })
  text!: string
}

/** Checks `tail`; throws BAD_USER_INPUT. */
export function readTail(wanted: number | null | undefined): number {
  const tail = wanted ?? DEFAULT_LOG_LINES
  if (tail < 0 || tail > MAX_LOG_LINES) throw badUserInput(`tail is ${tail}; it must be from 0 to ${MAX_LOG_LINES}.`)
  return tail
}

@ObjectType('Service', { implements: NodeType, description: 'One container of the stack. Source: Docker.' })
export class ServiceType implements NodeType {
  readonly #cluster: string
  readonly #service: ServiceSnapshot

  constructor(cluster: string, service: ServiceSnapshot) {
    this.#cluster = cluster
    this.#service = service
  }

  get #now(): ServiceStatus | null {
    return seenNow(this.#service.status)
  }

  /** What does not change by itself is shown as it was last known. */
  get #last(): ServiceStatus | null {
    return this.#service.status.value
  }

  @Field(() => ID, { description: '"Service:patroni/db2".' })
  get id(): string {
    return formatGlobalId('Service', this.#cluster, this.#service.name)
  }

  @Field(() => String, { description: 'Its name in the compose file.' })
  get name(): string {
    return this.#service.name
  }

  @Field(() => String, { description: 'The image that it was made from.' })
  get image(): string {
    return this.#last?.image ?? ''
  }

  @Field(() => ServiceState, {
    description:
      'State of the container; MISSING when it is configured and does not exist, UNKNOWN while its Docker engine cannot be asked.',
  })
  get state(): ServiceState {
    return this.#now?.state ?? ServiceState.UNKNOWN
  }

  @Field(() => String, {
    nullable: true,
    description: 'Why its state is UNKNOWN, with the Docker endpoint that does not answer. Null where it is known.',
  })
  get stateReason(): string | null {
    return this.#service.status.error
  }

  @Field(() => String, {
    nullable: true,
    description: 'Docker\'s health check: "healthy", "unhealthy", "starting". Null without one.',
  })
  get health(): string | null {
    return this.#now?.health ?? null
  }

  @Field(() => DateTime, { nullable: true, description: 'When it was last started. Null when it never was.' })
  get startedAt(): Date | null {
    return this.#last?.startedAt ?? null
  }

  @Field(() => Int, { nullable: true, description: 'What its main process ended with. Null while it runs.' })
  get exitCode(): number | null {
    return this.#now?.exitCode ?? null
  }

  @Field(() => Int, { description: 'How often Docker started it again by itself.' })
  get restartCount(): number {
    return this.#last?.restartCount ?? 0
  }

  @Field(() => Float, { nullable: true, description: 'CPU in percent; 100 is one core. Null while it does not run.' })
  get cpuPercent(): number | null {
    return this.#now?.cpuPercent ?? null
  }

  @Field(() => ByteCount, { nullable: true, description: 'Bytes of memory in use, without the page cache.' })
  get memoryBytes(): number | null {
    return this.#now?.memoryBytes ?? null
  }

  @Field(() => ByteCount, { nullable: true, description: 'Bytes of memory that it may use.' })
  get memoryLimitBytes(): number | null {
    return this.#now?.memoryLimitBytes ?? null
  }

  @Field(() => [String], { description: 'Published ports: "127.0.0.1:5000->5000/tcp".' })
  get ports(): readonly string[] {
    return this.#last?.ports ?? []
  }

  @Field(() => [LogLineType], {
    nullable: true,
    description: 'Its last lines, oldest first, read now. Null, with the error, where Docker has none to give.',
  })
  logs(
    @Arg('tail', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_LOG_LINES,
      description: `Lines from the end, 0 to ${MAX_LOG_LINES}.`,
    })
    tail: number | null | undefined,
    @Arg('since', () => DateTime, { nullable: true, description: 'Only lines from this millisecond on.' }) since:
      | GivenTime
      | null
      | undefined,
    @Ctx() context: ApiContext,
  ): Promise<readonly LogLine[]> {
    const lines = readTail(tail)
    const from = readTime('since', since)?.toDate() ?? null
    context.memo.spendRows(lines)
    return clusterSource(context.deps, this.#cluster).logs(this.name, lines, from)
  }
}
