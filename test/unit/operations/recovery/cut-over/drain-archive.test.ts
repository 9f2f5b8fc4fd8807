import { expect, test } from 'vitest'
import type { BarmanCommands } from '../../../../../src/clients/barman/barman-commands.ts'
import type { CommandResult, ServiceCommands } from '../../../../../src/clients/docker/service-commands.ts'
import { drainArchive } from '../../../../../src/operations/recovery/cut-over/drain-archive.ts'
import { clusterOf, LEADER } from '../../../../support/builders/cluster.ts'
import { away } from '../../../../support/builders/observed.ts'
import { CUT_OVER, refusedBy } from '../../../../support/fakes/fake-refused-role.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

test('the archive is drained before a cut-over although Howdah may not log in: its leader tells over its socket', async () => {
  const refused = refusedBy({ code: '42501', message: 'permission denied for database "postgres"' })
  let pending = 2
  const run = async (): Promise<CommandResult> => {
    pending -= 1
    return { exitCode: 0, stdout: JSON.stringify({ pending, last: '000000010000000000000009' }), stderr: '' }
  }
  const barman: Partial<BarmanCommands> = {
    paths: async () => ({ base: '/b', incoming: '/b/incoming', streaming: '/b/s', errors: '/b/e', programs: null }),
    switchWal: async () => null,
  }
  const context = fakeStepContext({
    input: {},
    state: CUT_OVER,
    operation: { id: 'cut' },
    cluster: clusterOf({ nodes: [{ ...LEADER, postgres: away(), loginRefusal: refused.refusal }] }),
    clients: {
      services: { run } satisfies Partial<ServiceCommands> as unknown as ServiceCommands,
      barman: () => barman as BarmanCommands,
      refreshNode: async () => {},
      checkpoint: () => Promise.reject(refused),
    },
  })
  await drainArchive.run(context)
  expect(pending).toBe(0)
  expect(context.messages.at(-1)).toContain('No checkpoint before the cluster is stopped')
})
