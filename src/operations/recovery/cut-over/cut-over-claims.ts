import type { Claim } from '../../../domain/operation/claim.ts'
import { exclusive, resources } from '../../claims.ts'

/** Nothing else may be done to the cluster, or be read from its leader, while another one takes its place. */
export function cutOverClaims(server: string | undefined): readonly Claim[] {
  return [
    exclusive(resources.recovery),
    exclusive(resources.topology),
    exclusive(resources.leader),
    ...(server === undefined ? [] : [exclusive(resources.backups(server))]),
  ]
}
