import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import type { ScheduleAnswer, ScheduleRequest } from '../../admission/schedules/schedule-service.ts'
import { clusterSource } from '../lookup.ts'
import type { ApiContext } from '../request-context.ts'
import { observedNow } from '../schedules-now.ts'
import { OperationPayload } from '../types/operation/operation-payload.ts'
import { PutScheduleInput } from '../types/schedule/put-schedule-input.ts'
import { SchedulePayload } from '../types/schedule/schedule-payload.ts'

type Given = string | null | undefined

const NAME = { description: 'Its name.' }
const CLUSTER = { nullable: true, description: 'Its cluster; the only one when left out.' }
const CONFIRM = { nullable: true, description: "For destructive kinds: must equal the cluster's name." }
const KEY = { nullable: true, description: 'As in the input of any request.' }
const REASON = { nullable: true, description: 'Why; kept with it.' }

/** Mutations on schedules. */
@Resolver()
export class ScheduleMutations {
  @Mutation(() => SchedulePayload, {
    description:
      'Puts a schedule, or another time or input into one that was put. Its kind must be one that the caller may request, and destroy nothing: such a one only configs/howdah.yml may have. Role OPERATOR.',
  })
  async putSchedule(
    @Arg('input', () => PutScheduleInput, { description: 'What to request, and when.' }) input: PutScheduleInput,
    @Ctx() context: ApiContext,
  ): Promise<SchedulePayload> {
    const { cluster: named, input: fields, ...put } = input
    const cluster = clusterName(context, named)
    const { deps, actor } = context
    return answered(context, cluster, deps.schedules.put(cluster, { ...put, input: fields ?? {} }, actor))
  }

  @Mutation(() => SchedulePayload, {
    description: 'Begins none of its slots until it is resumed. Pausing a paused one is success. Role OPERATOR.',
  })
  async pauseSchedule(
    @Arg('name', () => String, NAME) name: string,
    @Arg('cluster', () => String, CLUSTER) cluster: Given,
    @Arg('reason', () => String, REASON) reason: Given,
    @Ctx() context: ApiContext,
  ): Promise<SchedulePayload> {
    const request = requestOf(context, name, cluster)
    return answered(context, request.cluster, context.deps.schedules.pause(request, reason ?? null))
  }

  @Mutation(() => SchedulePayload, {
    description: 'Begins its slots again; those that came meanwhile are not caught up. Role OPERATOR.',
  })
  async resumeSchedule(
    @Arg('name', () => String, NAME) name: string,
    @Arg('cluster', () => String, CLUSTER) cluster: Given,
    @Ctx() context: ApiContext,
  ): Promise<SchedulePayload> {
    const request = requestOf(context, name, cluster)
    return answered(context, request.cluster, context.deps.schedules.resume(request))
  }

  @Mutation(() => SchedulePayload, {
    description: 'Removes one that was put; one of configs/howdah.yml is taken out there. Role OPERATOR.',
  })
  async deleteSchedule(
    @Arg('name', () => String, NAME) name: string,
    @Arg('cluster', () => String, CLUSTER) cluster: Given,
    @Ctx() context: ApiContext,
  ): Promise<SchedulePayload> {
    const request = requestOf(context, name, cluster)
    return answered(context, request.cluster, context.deps.schedules.delete(request))
  }

  @Mutation(() => OperationPayload, {
    description:
      "Requests a schedule's operation now, beside its slots: as the caller's own request, with the role that its kind wants.",
  })
  async runSchedule(
    @Arg('name', () => String, NAME) name: string,
    @Arg('cluster', () => String, CLUSTER) cluster: Given,
    @Arg('reason', () => String, REASON) reason: Given,
    @Arg('confirm', () => String, CONFIRM) confirm: Given,
    @Arg('idempotencyKey', () => String, KEY) idempotencyKey: Given,
    @Ctx() context: ApiContext,
  ): Promise<OperationPayload> {
    const by = { reason: reason ?? null, confirm: confirm ?? null, idempotencyKey: idempotencyKey ?? null }
    const request = requestOf(context, name, cluster)
    const answer = await context.deps.schedules.run(request, by)
    if (answer.operation !== null) await context.deps.scheduleBook.refresh(request.cluster)
    return new OperationPayload(answer)
  }
}

const clusterName = ({ deps }: ApiContext, named: Given) => clusterSource(deps, named).current().name

function requestOf(context: ApiContext, name: string, cluster: Given): ScheduleRequest {
  return { cluster: clusterName(context, cluster), name, actor: context.actor }
}

/** What is asked next sees it. */
async function answered(
  { deps }: ApiContext,
  cluster: string,
  asked: Promise<ScheduleAnswer>,
): Promise<SchedulePayload> {
  const { schedule, refusals } = await asked
  if (refusals.length === 0) await deps.scheduleBook.refresh(cluster)
  return new SchedulePayload({ schedule: observedNow(deps, schedule), refusals })
}
