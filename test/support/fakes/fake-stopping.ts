import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import { fakeStepContext } from './fake-step-context.ts'

/** A node that answers what `says` says, whose every look takes ten seconds. */
export function stoppingContext(says: (did: readonly string[]) => string) {
  const did: string[] = []
  let nowMs = 0
  const services = {
    inspect: async () => ({ status: 'running' }),
    async run(_: string, { argv }: { argv: readonly string[] }) {
      const script = argv[2] ?? ''
      const answer = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' })
      if (script.includes('sv -w')) {
        nowMs += 10_000
        return answer(says(did))
      }
      if (script.includes('sv up')) {
        if (!did.includes('kill PostgreSQL')) return answer('stopping\n')
        did.push('start')
      }
      if (script.includes('sv kill')) did.push('kill Patroni')
      if (script.includes('kill -KILL')) did.push('kill PostgreSQL')
      if (script.includes('kill -INT')) did.push('stop PostgreSQL')
      return answer('')
    },
  }
  const context = fakeStepContext<unknown>({ input: {}, clients: { services } as unknown as Partial<ClusterClients> })
  return { context: { ...context, now: () => new Date(nowMs) }, did }
}

export const ENDED = 'patroni down\ncontrol shut down\n'
export const HUNG =
  'patroni runs\ncontrol in production\npostgres rejects\nprocess postgres: patroni: walsender barman\n'
