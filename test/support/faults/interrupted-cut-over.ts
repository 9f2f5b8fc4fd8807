import type { ApiClient } from '../stack/api-client.ts'
import { operationEvents, readOperation, requestOperation } from '../stack/operation-client.ts'
import type { TestStack } from '../stack/stack.ts'
import { waitFor } from '../wait-for.ts'
import { pidOf } from './truth.ts'

interface World {
  readonly facts: TestStack
  readonly api: ApiClient
}

/** The lock of an operation that has begun is waited for so long; then it ends, and takes nothing back. */
const GIVEN_UP_MS = 240_000

/**
 * Recovers and cuts over, and leaves it half done for real: in the middle of a step the worker is killed and etcd loses its
 * quorum, so that the worker that takes over cannot have the lock. Answers the operation, INTERRUPTED. etcd2 is down then.
 */
export async function interruptCutOver(
  { facts, api }: World,
  step: string,
  kind: 'recoverCluster' | 'cutOverRecovery' | 'undoRecovery',
  input: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { operation, refusals } = await requestOperation(api, kind, { ...input, confirm: 'patroni' })
  if (operation === null) throw new Error(JSON.stringify(refusals))
  const { id } = operation
  const worker = await pidOf(facts, 'worker')
  for await (const event of operationEvents(api, id)) {
    if (event.__typename !== 'StepStarted' || event.step !== step) continue
    process.kill(worker, 'SIGKILL')
    await facts.kill('etcd2')
    break
  }
  const ended = await waitFor(
    `${id} to be given up`,
    async () => {
      const now = await readOperation(api, id)
      return now !== null && ['SUCCEEDED', 'FAILED', 'CANCELLED', 'INTERRUPTED'].includes(now.status) ? now : null
    },
    { timeoutMs: GIVEN_UP_MS, intervalMs: 1_000 },
  )
  if (ended.status !== 'INTERRUPTED') throw new Error(`${kind} ended ${ended.status} instead of INTERRUPTED`)
  return id
}

/** Patroni's dynamic configuration, changed as its own tool does: `null` removes a key. */
export async function editConfiguration(facts: TestStack, changes: Readonly<Record<string, unknown>>): Promise<void> {
  const sets = Object.entries(changes).flatMap(([key, value]) => ['-s', `${key}=${JSON.stringify(value)}`])
  const command = ['patronictl', '-c', '/etc/patroni/patroni.yml', 'edit-config', '--force', '--quiet', ...sets]
  await facts.exec('db1', command, 'postgres')
}

export async function showConfiguration(facts: TestStack): Promise<string> {
  return facts.exec('db1', ['patronictl', '-c', '/etc/patroni/patroni.yml', 'show-config'], 'postgres')
}
