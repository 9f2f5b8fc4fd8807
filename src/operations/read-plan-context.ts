import type { Verifications } from '../domain/backup/verification.ts'
import type { UnfinishedWork } from './automation.ts'
import { type PlanContext, PlanRead } from './context.ts'
import type { OperationInput } from './operation-input.ts'

type Known = Omit<PlanContext<OperationInput>, 'recoveries' | 'active' | 'verifications'>

/** What a kind's claims, check and plan see. Only what the kind declares is read; the rest throws a TypeError when it is used. */
export async function readPlanContext(
  { name, reads = [] }: { readonly name: string; readonly reads?: readonly PlanRead[] },
  readers: { unfinished(): Promise<UnfinishedWork>; verifications(): Promise<Verifications> },
  known: () => Promise<Known>,
): Promise<PlanContext<OperationInput>> {
  // First: an operation that ends after this has settled its recovery before the snapshot is read.
  const unfinished = reads.includes(PlanRead.RECOVERIES) ? await readers.unfinished() : null
  const [rest, verifications] = await Promise.all([
    known(),
    reads.includes(PlanRead.VERIFICATIONS) ? readers.verifications() : null,
  ])
  const declared = <T>(value: T | null, read: PlanRead): T => {
    if (value === null) throw new TypeError(`${name} uses ${read}, which it does not declare in "reads"`)
    return value
  }
  return {
    ...rest,
    get recoveries() {
      return declared(unfinished, PlanRead.RECOVERIES).recoveries
    },
    get active() {
      return declared(unfinished, PlanRead.RECOVERIES).active
    },
    get verifications() {
      return declared(verifications, PlanRead.VERIFICATIONS)
    },
  }
}
