import { isJsonObject } from '../../domain/configuration/merge-patch.ts'
import { InvalidValueError } from '../../domain/errors.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { type Schedule, ScheduleSource } from '../../domain/schedule/schedule.ts'
import type { AnyOperation } from '../../operations/define-operation.ts'
import { inputRefusals } from '../../operations/input-problems.ts'
import type { OperationRegistry } from '../../operations/load-operations.ts'
import { type OperationInput, REQUEST_FIELDS } from '../../operations/operation-input.ts'
import { takeNames } from '../../operations/take-names.ts'
import type { ApprovalRules } from '../approval-rules.ts'
import { TO_PROPOSE, unapproved } from '../submit-refusals.ts'
import { unknownKind } from './schedule-refusals.ts'

/** What a schedule requests: null where it may not, or cannot. */
export interface ReadRequest {
  readonly input: OperationInput | null
  readonly refusals: readonly Refusal[]
}

/**
 * Reads what a schedule requests, by the rules of today: kinds, their inputs and `approvals.required` may have changed since it was put. What a
 * client has put must destroy nothing and need no approval; who may write the configuration may have it done.
 */
export function readRequest(
  { kind, input: fields, cluster, source }: Pick<Schedule, 'kind' | 'input' | 'cluster' | 'source'>,
  { registry, approvals }: { readonly registry: OperationRegistry; readonly approvals: ApprovalRules },
): ReadRequest {
  const definition = registry.get(kind)
  if (definition === undefined || definition.internal === true) {
    return { input: null, refusals: [unknownKind(kind)] }
  }
  const { input, refusals: wrong } = readInput(definition, fields, cluster)
  const forbidden =
    source === ScheduleSource.CONFIGURATION
      ? []
      : [...destructive(definition), ...unapproved(definition, approvals, TO_PROPOSE.SCHEDULE)]
  const refusals = [...forbidden, ...wrong]
  return { input: refusals.length === 0 ? input : null, refusals }
}

/**
 * By the rules of the kind itself, as a request would be; what steers a request is the schedule's own. No GraphQL type has looked at these fields,
 * so one that the kind does not have is refused here: it would be left out without a word.
 */
export function readInput(definition: AnyOperation, fields: unknown, cluster: string): ReadRequest {
  if (!isJsonObject(fields)) {
    return { input: null, refusals: [refuse('INVALID_INPUT', 'the input is not a JSON object', null, 'input')] }
  }
  const input: OperationInput = new definition.input()
  const taken = Object.keys(input).filter((field) => !isSteering(field))
  const unknown = Object.keys(fields).filter((field) => !taken.includes(field))
  Object.assign(input, fields, { cluster })
  const refusals = [
    ...unknown.map((field) => noField(definition, field, taken)),
    ...takeNames(input).map((refusal) => ({ ...refusal, field: `input.${refusal.field}` })),
    ...inputRefusals(input, 'input.'),
  ]
  return { input: refusals.length === 0 ? input : null, refusals }
}

/** Those of the configuration. Throws InvalidValueError with all that is wrong with them. */
export function requireSchedules(
  schedules: readonly Schedule[],
  rules: { readonly registry: OperationRegistry; readonly approvals: ApprovalRules },
): void {
  const faults = schedules.flatMap((schedule) =>
    readRequest(schedule, rules).refusals.map(({ message }) => `schedule ${schedule.name}: ${message}`),
  )
  if (faults.length === 0) return
  throw new InvalidValueError(faults.join('; '), {
    remedy: 'Correct configs/howdah.yml; the kinds and their inputs are in docs/operations/README.md.',
  })
}

const isSteering = (field: string) => (REQUEST_FIELDS as readonly string[]).includes(field)

function noField({ name }: AnyOperation, field: string, taken: readonly string[]): Refusal {
  const message = isSteering(field) ? `${field} is no part of a schedule's input` : `${name} has no field "${field}"`
  const remedy = taken.length === 0 ? `${name} takes none.` : `It has ${taken.join(', ')}.`
  return refuse('INVALID_INPUT', message, remedy, `input.${field}`)
}

function destructive({ name, destructive }: AnyOperation): Refusal[] {
  if (!destructive) return []
  const message = `${name} destroys data: only the file may have it on a schedule`
  const remedy = 'Put it into configs/howdah.yml (schedules), then: docker compose restart worker.'
  return [refuse('SCHEDULE_IS_DESTRUCTIVE', message, remedy, 'kind')]
}
