import { expect, it } from 'vitest'
import { refuseOtherNetwork } from '../../../scripts/lib/other-network.mjs'
import { fakeDockerCommand } from '../../support/fakes/fake-docker-command.ts'

const stack = (subnet: string) => ({ project: 'howdah', settings: { NETWORK_SUBNET: subnet } })
const { docker } = fakeDockerCommand([[/^network inspect .* howdah_patroni_network$/, () => '172.20.0.0/16 ']])

it.each(['172.20.0.0/16', '172.20.7.1/16'])('passes with the network that is there: %s', async (subnet) => {
  await refuseOtherNetwork(stack(subnet), docker)
})

it('passes where there is none yet', async () => {
  await refuseOtherNetwork(stack('10.0.0.0/24'), fakeDockerCommand([]).docker)
})

it.each(['172.30.0.0/16', '172.20.0.0/24'])('refuses %s, and names the one that is there', async (subnet) => {
  await expect(refuseOtherNetwork(stack(subnet), docker)).rejects.toMatchObject({
    message: `NETWORK_SUBNET is ${subnet}, and the network of this stack is 172.20.0.0/16. Nothing was touched.`,
    remedy: expect.stringMatching(/NETWORK_SUBNET=172\.20\.0\.0\/16[\s\S]*docker-compose down/),
  })
})
