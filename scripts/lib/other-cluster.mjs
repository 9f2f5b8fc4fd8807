// @ts-check
import { setting } from './settings.mjs'
import { SetupError } from './setup-error.mjs'

/**
 * Nodes whose containers belong to a cluster of another name are not made again one by one: each would find an empty place in etcd
 * and lead there, beside the leader that is. Errors: a SetupError with the name to go on with.
 * @param {Pick<import('./settings.mjs').Stack, 'settings' | 'envFile'>} stack
 * @param {Pick<import('./existing-data.mjs').ExistingData, 'nodes'>} data
 */
export function refuseOtherCluster({ settings, envFile }, { nodes }) {
  const scope = setting(settings, 'PATRONI_SCOPE')
  const other = nodes.find((node) => node.scope !== '' && node.scope !== scope)
  if (other === undefined) return
  throw new SetupError(
    `The data is that of cluster ${other.scope}, and ${envFile} says ${scope}. Nothing was changed.`,
    {
      remedy: `Write PATRONI_SCOPE=${other.scope} into ${envFile}, with BARMAN_SERVER and the ports as they were, then run the same command again.`,
    },
  )
}
