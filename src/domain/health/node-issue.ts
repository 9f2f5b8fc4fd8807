import type { ClusterSnapshot } from '../cluster/cluster.ts'
import type { NodeView } from '../cluster/node-view.ts'
import { type SuggestedAction, suggest } from '../suggested-action.ts'
import type { HealthFinding } from './health-issue.ts'

/** What is found of one node. */
export type NodeIssue = Omit<HealthFinding, 'subject'>

export function copyAgain({ name }: Pick<NodeView, 'name'>, { name: cluster }: ClusterSnapshot): SuggestedAction {
  return suggest('reinitializeNode', `Copy ${name} from the leader again`, { cluster, node: name })
}
