import type { ApiClient } from '../stack/api-client.ts'
import { discardRecoveries } from '../stack/discard-recoveries.ts'
import { NODES } from '../stack/every-node.ts'
import type { TestStack } from '../stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../stack/stack-conditions.ts'
import { expectTruth } from './truth.ts'

/** Behind a test that breaks what a recovery stands on: everything runs, nothing is left, and what Howdah says is so. */
export async function allUpAgain(world: { readonly facts: TestStack; readonly api: ApiClient }): Promise<void> {
  const { facts, api } = world
  for (const service of ['barman', 'etcd1', 'etcd2', ...NODES]) await facts.start(service)
  await waitForHealthyCluster(api)
  await discardRecoveries(world)
  await expectTruth(facts, api)
  await waitForBackups(api)
}
