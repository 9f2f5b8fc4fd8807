import { runVariant } from '../../support/image-variant.ts'
import type { KillCase } from '../../support/kill-case.ts'

let variant: Awaited<ReturnType<typeof runVariant>> | null = null

const killCase: KillCase = {
  input: async ({ facts }) => {
    variant = await runVariant(facts.container('docker-proxy'), 'docker-proxy')
    return { service: 'docker-proxy' }
  },
  restore: () => variant?.restore() ?? Promise.resolve(),
}

export default killCase
