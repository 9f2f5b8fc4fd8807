import type { PlannedOperation } from '../operations/plan-operation.ts'
import { digest } from './digest.ts'

/** Of a SHA-256 in hex: short enough to be read aloud in parts, long enough that no two plans share it. */
const LENGTH = 32

/**
 * Of what a plan would do: what was asked for, the steps, what each check found, what it may touch, whether data is lost, and what else its kind says makes it another one.
 * Nothing in it is a time or an estimate: two plans that mean the same have one fingerprint, whenever they were made.
 */
export function planFingerprint(
  request: string,
  { steps, checks, scope, dataLoss, destructive, identity }: PlannedOperation,
): string {
  const done = steps.map(({ name }) => name)
  const found = checks.map(({ name, status }) => [name, status])
  return digest([request, done, found, scope, dataLoss !== null, destructive, identity]).slice(0, LENGTH)
}
