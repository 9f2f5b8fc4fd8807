// @ts-check

import { setting } from './settings.mjs'
import { SetupError } from './setup-error.mjs'

/**
 * Before a container is made again: the network is there already, and Compose goes on with it, whatever its addresses. Nodes let
 * in who comes from NETWORK_SUBNET: each one that is made again with another would refuse the rest.
 * @param {Pick<import('./settings.mjs').Stack, 'project' | 'settings'>} stack
 * @param {import('./docker-command.mjs').Docker} docker
 */
export async function refuseOtherNetwork({ project, settings }, docker) {
  const network = `${project}_patroni_network`
  const wanted = setting(settings, 'NETWORK_SUBNET')
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{end}}'
  const { code, stdout } = await docker(['network', 'inspect', '--format', format, network])
  const found = stdout.split(' ').filter((subnet) => subnet.trim() !== '')
  if (code !== 0 || found.some((subnet) => masked(subnet) === masked(wanted))) return
  throw new SetupError(
    `NETWORK_SUBNET is ${wanted}, and the network of this stack is ${found.join(', ')}. Nothing was touched.`,
    {
      remedy: [
        `Write NETWORK_SUBNET=${found[0]} into .env.`,
        'Or move the stack to the other network, for which all of it has to be down: docker-compose down, then npm start. Its data stays.',
      ].join('\n'),
    },
  )
}

/**
 * The network that an address is of.
 * @param {string} subnet "172.20.0.0/16"
 */
function masked(subnet) {
  const [address = '', bits = ''] = subnet.trim().split('/')
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return `${Math.floor(number / 2 ** (32 - Number(bits)))}/${bits}`
}
