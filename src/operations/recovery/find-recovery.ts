import type { RecoveryRecord } from '../../domain/recovery/recovery.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { bareName } from '../../domain/resource-id.ts'

export function findRecovery({
  recoveries,
  input,
}: {
  readonly recoveries: readonly RecoveryRecord[]
  readonly input: { readonly recovery: string }
}): RecoveryRecord | undefined {
  return recoveries.find(({ id }) => id === bareName('Recovery', input.recovery))
}

export function unknownRecovery({ input }: { readonly input: { readonly recovery: string } }): Refusal {
  return refuse('UNKNOWN_RECOVERY', `there is no recovery "${input.recovery}"`, 'See cluster.recoveries.', 'recovery')
}
