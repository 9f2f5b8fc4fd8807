import { Arg, Ctx, Field, ID, Int, ObjectType } from 'type-graphql'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import {
  type ObservedSchedule,
  type Schedule,
  type ScheduleRecord,
  ScheduleSource,
  ScheduleState,
  stateOf,
} from '../../../domain/schedule/schedule.ts'
import { nextSlots } from '../../../domain/schedule/timing.ts'
import { describeEnum } from '../../../operations/describe-enum.ts'
import { badUserInput } from '../../format-error.ts'
import type { ApiContext } from '../../request-context.ts'
import { DateTime, Json } from '../common/output-scalars.ts'
import { NodeType } from '../common/relay-node.ts'
import { OperationType } from '../operation/operation.ts'
import { operationKindEnum } from '../operation/operation-kind.ts'
import { RefusalType } from '../operation/refusal.ts'

describeEnum(ScheduleSource, 'ScheduleSource', 'Where a schedule comes from.', {
  CONFIGURATION: 'configs/howdah.yml: it is changed there.',
  API: 'putSchedule.',
})
describeEnum(ScheduleState, 'ScheduleState', 'How a schedule does: never OK while it does not run.', {
  OK: 'Its newest run succeeded, or it has not had one yet.',
  RUNNING: 'Its newest run waits or runs, or is held up.',
  PAUSED: 'A person holds it.',
  OVERDUE: 'A slot was not begun within its deadline, or until the next one.',
  FAILING: 'Its newest run was refused, or did not succeed.',
})

const USUAL_SLOTS = 5
const MAX_SLOTS = 100

@ObjectType('Schedule', {
  implements: NodeType,
  description:
    'An operation that is requested again and again. A slot is an idempotency key: it cannot run twice. After an outage the newest one alone is caught up, within its deadline.',
})
export class ScheduleType implements NodeType {
  readonly record: ScheduleRecord
  readonly #observed: ObservedSchedule

  constructor(observed: ObservedSchedule) {
    this.#observed = observed
    this.record = observed.record
  }

  @Field(() => ID, { description: '"Schedule:patroni/nightly".' })
  get id(): string {
    const { cluster, name } = this.#schedule
    return formatGlobalId('Schedule', cluster, name)
  }

  @Field(() => String, { description: 'Unique in its cluster.' })
  get name(): string {
    return this.#schedule.name
  }

  @Field(() => operationKindEnum(), { description: 'What it requests.' })
  get kind(): string {
    return this.#schedule.kind
  }

  @Field(() => Json, { description: 'The input of the request.' })
  get input(): Schedule['input'] {
    return this.#schedule.input
  }

  @Field(() => String, { description: 'Minute, hour, day, month, weekday: "30 2 * * 0".' })
  get cron(): string {
    return this.#schedule.cron
  }

  @Field(() => String, { description: 'IANA name: "Europe/Berlin".' })
  get timeZone(): string {
    return this.#schedule.timeZone
  }

  @Field(() => Int, { description: 'Its slots are begun later, all by as much: up to so many seconds.' })
  get jitterSeconds(): number {
    return this.#schedule.jitterSeconds
  }

  @Field(() => Int, { description: 'Seconds after which a slot that was not begun is not begun any more.' })
  get deadlineSeconds(): number {
    return this.#schedule.deadlineSeconds
  }

  @Field(() => Boolean, { description: 'Whether a person holds it.' })
  get paused(): boolean {
    return this.record.paused !== null
  }

  @Field(() => ScheduleSource, { description: 'Where it comes from.' })
  get source(): ScheduleSource {
    return this.#schedule.source
  }

  @Field(() => ScheduleState, { description: 'How it does.' })
  state(@Ctx() { deps }: ApiContext): ScheduleState {
    return stateOf(this.#observed, deps.now())
  }

  @Field(() => [DateTime], {
    description:
      'Its next slots, without their jitter. A time that the clock skips comes at the moment at which it goes forward; one that it shows twice counts once.',
  })
  next(
    @Arg('count', () => Int, { nullable: true, defaultValue: 5, description: 'How many; 1 to 100.' }) given:
      | number
      | null,
    @Ctx() { deps, memo }: ApiContext,
  ): readonly Date[] {
    const count = given ?? USUAL_SLOTS
    if (count < 1 || count > MAX_SLOTS) throw badUserInput(`count is ${count}; 1 to ${MAX_SLOTS} can be asked for`)
    memo.spendRows(count)
    return nextSlots(this.#schedule, deps.now(), count)
  }

  @Field(() => OperationType, {
    nullable: true,
    description:
      'The operation of its newest slot, or what was run by hand behind it. Null where there is none: it was refused or missed, or there was none yet.',
  })
  get lastRun(): OperationType | null {
    const run = this.#observed.lastRun
    return run === null ? null : new OperationType(run)
  }

  @Field(() => RefusalType, {
    nullable: true,
    description:
      'Why the slot that is due has not begun, or the newest one was not. Null where nothing spoke against it.',
  })
  get lastRefusal(): RefusalType | null {
    const refusal = this.record.heldUp?.refusal ?? this.record.settled?.refusal ?? null
    return refusal === null ? null : new RefusalType(refusal)
  }

  get #schedule(): Schedule {
    return this.record.schedule
  }
}
