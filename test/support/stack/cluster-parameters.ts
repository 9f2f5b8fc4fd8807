import { editConfiguration } from '../faults/interrupted-cut-over.ts'
import { waitFor } from '../wait-for.ts'
import { leaderName } from './cluster-facts.ts'
import { NODES } from './every-node.ts'
import type { World } from './recovery-moments.ts'
import { waitForHealthyCluster, waitForNothingRunning } from './stack-conditions.ts'

/** Null: whatever Patroni gives a cluster that says nothing of it. */
export type Parameters = Readonly<Record<string, string | number | null>>

/** More of them, or others, in force on every node. A replica must never have less than its leader: the leader comes last. */
export async function raiseParameters(world: World, parameters: Parameters): Promise<void> {
  await change(world, parameters, (leader) => [...NODES.filter((name) => name !== leader), leader])
}

/** Less of them. Patroni gives a replica what its leader has as long as that is more: the leader comes first. */
export async function lowerParameters(world: World, parameters: Parameters): Promise<void> {
  await change(world, parameters, (leader) => [leader, ...NODES.filter((name) => name !== leader)])
}

/** With Patroni's own tool: what is tested here is not Howdah's upkeep. */
async function change(world: World, parameters: Parameters, order: (leader: string) => string[]): Promise<void> {
  const { facts, api } = world
  await waitForNothingRunning(api)
  await waitForHealthyCluster(api)
  const paths = Object.entries(parameters).map(([name, value]) => [`postgresql.parameters.${name}`, value] as const)
  await editConfiguration(facts, Object.fromEntries(paths))
  for (const node of order(await leaderName(api))) {
    await waitFor(`${node} to know that it has to be restarted`, () => isPending(world, node))
    const restart = ['patronictl', '-c', '/etc/patroni/patroni.yml', 'restart', 'patroni', node, '--force']
    await facts.exec(node, restart, 'postgres')
    await waitForHealthyCluster(api)
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) continue
    for (const node of NODES) {
      await waitFor(`${name} = ${value} on ${node}`, async () => (await facts.sql(node, `SHOW ${name}`)) === `${value}`)
    }
  }
}

async function isPending({ facts }: World, node: string): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${facts.ports[`${node.toUpperCase()}_REST_PORT`]}/patroni`)
  return ((await response.json()) as { pending_restart?: boolean }).pending_restart === true
}
