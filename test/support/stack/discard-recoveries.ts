import type { ApiClient } from './api-client.ts'
import { requestOperation, untilEnd } from './operation-client.ts'
import { listRecoveries } from './recovery-client.ts'
import { waitForNothingRunning } from './stack-conditions.ts'

const confirm = 'patroni'

/** Whatever recoveries there are, and what cut-overs have kept, discarded as a user would. */
export async function discardRecoveries({ api }: { readonly api: ApiClient }): Promise<void> {
  await waitForNothingRunning(api)
  for (const { id, status, previousData } of await listRecoveries(api)) {
    if (status !== 'READY' && previousData === null) continue
    const input = { recovery: id, previousData: previousData !== null, confirm }
    const { operation, refusals } = await requestOperation(api, 'discardRecovery', input)
    if (operation === null) throw new Error(JSON.stringify(refusals))
    const ended = await untilEnd(api, operation.id)
    if (ended.operation.status !== 'SUCCEEDED') throw new Error(JSON.stringify(ended.operation.error))
  }
}
