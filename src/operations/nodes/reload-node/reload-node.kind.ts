import { InputType } from 'type-graphql'
import { defineOperation } from '../../define-operation.ts'
import { checkNode } from '../check-node.ts'
import { NodeOperationInput } from '../node-operation-input.ts'
import { planReloadNode, reloadConfiguration, reloadNodeState } from './reload-configuration.ts'

@InputType({ description: 'Which node reads its configuration again.' })
export class ReloadNodeInput extends NodeOperationInput {}

export default defineOperation({
  name: 'reloadNode',
  title: 'Reload the configuration of a node',
  description:
    "Has the node's Patroni read its configuration file again, and with it PostgreSQL. Ends when PostgreSQL has. Nothing is restarted. Replaces `patronictl reload`.",
  input: ReloadNodeInput,
  state: reloadNodeState,
  // It reads what stands there: nothing that runs is disturbed, and it works without etcd too.
  fenced: false,
  destructive: false,
  check: ({ cluster, input }) => checkNode(cluster, input.node),
  plan: planReloadNode,
  steps: [reloadConfiguration],
  result: ({ operation, input }) => ({ type: 'PostgresNode', scope: operation.cluster, name: input.node }),
})
