import { Field, ObjectType } from 'type-graphql'
import type { Actor, Proposal } from '../../../domain/operation/operation.ts'
import { DateTime } from '../common/output-scalars.ts'
import { ActorType } from './operation-parts.ts'

@ObjectType('Proposal', { description: 'What is to be decided of an operation, or was.' })
export class ProposalType {
  readonly #by: Actor
  readonly #proposal: Proposal

  constructor(by: Actor, proposal: Proposal) {
    this.#by = by
    this.#proposal = proposal
  }

  @Field(() => ActorType, { description: 'Who proposed it.' })
  get proposedBy(): Actor {
    return this.#by
  }

  @Field(() => DateTime, { description: 'Until when it may be decided: it is rejected by itself then.' })
  get expiresAt(): string {
    return this.#proposal.expiresAt
  }

  @Field(() => Boolean, {
    nullable: true,
    description: 'What was decided. Null while it waits, and where it was withdrawn.',
  })
  get approved(): boolean | null {
    return this.#proposal.decision?.approved ?? null
  }

  @Field(() => ActorType, {
    nullable: true,
    description: 'Who decided; "howdah" where it expired. Null while it waits.',
  })
  get decidedBy(): Actor | null {
    return this.#proposal.decision?.by ?? null
  }

  @Field(() => DateTime, { nullable: true, description: 'When. Null while it waits.' })
  get decidedAt(): string | null {
    return this.#proposal.decision?.at ?? null
  }

  @Field(() => String, { nullable: true, description: 'Why. Null when no reason was given.' })
  get reason(): string | null {
    return this.#proposal.decision?.reason ?? null
  }
}
