import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { ClusterView } from '../../../domain/cluster/cluster-view.ts'
import { assessHealth, HealthStatus } from '../../../domain/health/health.ts'
import { type RecoveryRecord, totalSecondsOf } from '../../../domain/recovery/recovery.ts'
import { newestProof, summarizeCluster } from '../../../domain/summary/summary.ts'
import type { Timestamp } from '../../../domain/timestamp.ts'
import { LogUnavailableError } from '../../../events/event-errors.ts'
import type { ApiDependencies } from '../../request-context.ts'
import { DateTime } from '../common/output-scalars.ts'
import { RecoveryType } from '../recovery/recovery.ts'

@ObjectType('ClusterSummary', {
  description:
    'What decides at three in the morning, the same sentences on every surface: can the applications write, what would be lost now, how far back can one go. Where a source is away it says so, and is never taken for fine.',
  simpleResolvers: true,
})
export class ClusterSummaryType {
  @Field(() => HealthStatus, { description: 'That of its health: of the worst issue.' })
  status!: HealthStatus

  @Field(() => String, { description: 'Whether the applications can write, in a sentence.' })
  writes!: string

  @Field(() => Boolean, {
    description:
      'Whether they certainly can: a node leads, answers, and is where HAProxy sends them. False also where that is not known, as `writes` says.',
  })
  writable!: boolean

  @Field(() => DateTime, {
    nullable: true,
    description:
      "When the leader took over. Null where none leads, or no takeover is on record. Source: Patroni's history.",
  })
  leaderSince!: Date | null

  @Field(() => String, { description: 'What losing every node now would lose, in a sentence.' })
  loss!: string

  @Field(() => Float, {
    nullable: true,
    description:
      'Seconds of writes that are not yet where a recovery finds them. Null: not known, or everything, as `loss` says.',
  })
  possibleLossSeconds!: number | null

  @Field(() => String, {
    description: 'How far one can go back, and when that was last proved by a recovery, in a sentence.',
  })
  wayBack!: string

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The first moment that can be gone back to. Null: there is none, or it is not known, as `wayBack` says.',
  })
  recoverableFrom!: Timestamp | null

  @Field(() => DateTime, { nullable: true, description: 'The last such moment. Null as the first one is.' })
  recoverableTo!: Timestamp | null

  @Field(() => Int, { description: 'Places in the archive where WAL is missing, as far as it was last seen.' })
  gaps!: number

  @Field(() => RecoveryType, {
    nullable: true,
    description: 'The newest recovery whose verification passed. Null: none did, or Redis is away, as `wayBack` says.',
  })
  lastProof!: RecoveryType | null

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds that it took, from its restore until its data was verified, and for which writes failed.',
  })
  lastProofSeconds!: number | null
}

export async function toSummary(deps: ApiDependencies, view: ClusterView): Promise<ClusterSummaryType> {
  const [recovery, unknown] = await readProof(deps, view.name)
  const now = deps.now()
  const { status, writes, loss, wayBack } = summarizeCluster(view, {
    health: assessHealth(view.snapshot, now, deps.workers.current()),
    proof: unknown === null ? { recovery } : { unknown },
    now,
  })
  return {
    status,
    writes: writes.sentence,
    writable: writes.writable,
    leaderSince: writes.leaderSince,
    loss: loss.sentence,
    possibleLossSeconds: loss.seconds,
    wayBack: wayBack.sentence,
    recoverableFrom: wayBack.from,
    recoverableTo: wayBack.to,
    gaps: wayBack.gaps,
    lastProof: recovery === null ? null : new RecoveryType(recovery),
    lastProofSeconds: recovery === null ? null : totalSecondsOf(recovery),
  }
}

/** Redis that is away takes no other sentence with it. */
async function readProof(
  { recoveries }: ApiDependencies,
  cluster: string,
): Promise<[RecoveryRecord | null, unknown: string | null]> {
  try {
    return [newestProof(await recoveries.list(cluster)), null]
  } catch (error) {
    if (error instanceof LogUnavailableError) return [null, 'Redis cannot be reached']
    throw error
  }
}
