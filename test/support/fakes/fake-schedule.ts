import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import type { PatroniAnswer, PatroniCommands } from '../../../src/clients/patroni/patroni-commands.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { fakeStepContext } from './fake-step-context.ts'

/** When Patroni is to switch over. */
export const AT = '2026-11-22T13:00:00.000Z'
/** Patroni's key with the request. */
export const SCHEDULED = JSON.stringify({ leader: 'db1', member: 'db2', scheduled_at: '2026-11-22T13:00:00+00:00' })
/** As Patroni leaves it when it takes a request back. */
export const EMPTIED = '{}'

/** Patroni's key "failover", and what a call makes of it. */
export function switchoverContext(
  request: string | null,
  call: (keys: { request: string | null }) => Promise<PatroniAnswer>,
) {
  const keys = { request }
  const asked: string[] = []
  const ask = async (node: string) => {
    asked.push(node)
    return call(keys)
  }
  const patroni: Pick<PatroniCommands, 'switchover' | 'cancelSwitchover'> = {
    switchover: ask,
    cancelSwitchover: ask,
  }
  const clients: Partial<ClusterClients> = {
    dcs: {
      read: async (key) => {
        const value = key === 'leader' ? 'db1' : keys.request
        return value === null ? null : { value, modRevision: '1' }
      },
      writeIf: async () => false,
      change: async () => false,
    },
    patroni: patroni as PatroniCommands,
  }
  const context = fakeStepContext({
    input: { candidate: 'db2', at: AT },
    clients,
    state: { from: 'db1', candidate: 'db2', asked: false },
  })
  return { context, asked }
}

/** The answer got lost. */
export const lost = async (): Promise<PatroniAnswer> => {
  throw new UnreachableError('Patroni db1', 'socket hang up')
}
