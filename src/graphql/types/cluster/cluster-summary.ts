import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { ClusterView } from '../../../domain/cluster/cluster-view.ts'
import { HealthStatus } from '../../../domain/health/health.ts'
import { totalSecondsOf } from '../../../domain/recovery/recovery.ts'
import { type KnownRecoveries, newestProof, summarizeCluster } from '../../../domain/summary/summary.ts'
import type { Timestamp } from '../../../domain/timestamp.ts'
import { LogUnavailableError } from '../../../events/event-errors.ts'
import { damagedBackups } from '../../../operations/backups/verifications.ts'
import { healthNow } from '../../health-now.ts'
import type { ApiContext, ApiDependencies } from '../../request-context.ts'
import type { RequestMemo } from '../../request-memo.ts'
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

export async function toSummary({ deps, memo }: ApiContext, view: ClusterView): Promise<ClusterSummaryType> {
  const known = await readKnown(deps, memo, view)
  const now = deps.now()
  const health = healthNow(deps, view.snapshot)
  const { status, writes, loss, wayBack } = summarizeCluster(view, { health, known, now })
  const recovery = 'recovery' in known.proof ? known.proof.recovery : null
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
async function readKnown(
  { recoveries }: ApiDependencies,
  memo: RequestMemo,
  view: ClusterView,
): Promise<KnownRecoveries> {
  const server = view.snapshot.backupServers[0]
  try {
    const [all, verifications] = await Promise.all([recoveries.list(view.name), memo.verifications()])
    const damaged = server === undefined ? [] : damagedBackups(server, verifications).keys()
    return { proof: { recovery: newestProof(all) }, damaged: new Set(damaged) }
  } catch (error) {
    if (!(error instanceof LogUnavailableError)) throw error
    return { proof: { unknown: 'Redis cannot be reached' }, damaged: new Set() }
  }
}
