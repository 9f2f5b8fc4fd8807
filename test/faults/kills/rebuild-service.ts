import type { KillCase } from '../../support/faults/kill-case.ts'
import { runVariant } from '../../support/stack/image-variant.ts'

let variant: Awaited<ReturnType<typeof runVariant>> | null = null

const killCase: KillCase = {
  input: async ({ facts }) => {
    variant = await runVariant(facts.container('docker-proxy'), 'docker-proxy')
    return { service: 'docker-proxy' }
  },
  restore: () => variant?.restore() ?? Promise.resolve(),
}

export default killCase
