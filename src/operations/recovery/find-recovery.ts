import { bareRecoveryId, type RecoveryRecord } from '../../domain/recovery/recovery.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'

export function findRecovery({
  recoveries,
  input,
}: {
  readonly recoveries: readonly RecoveryRecord[]
  readonly input: { readonly recovery: string }
}): RecoveryRecord | undefined {
  return recoveries.find(({ id }) => id === bareRecoveryId(input.recovery))
}

export function unknownRecovery({ input }: { readonly input: { readonly recovery: string } }): Refusal {
  return refuse('UNKNOWN_RECOVERY', `there is no recovery "${input.recovery}"`, 'See cluster.recoveries.', 'recovery')
}
