import { expect, test } from 'vitest'
import { RecoveryStatus } from '../../../../../src/domain/recovery/recovery.ts'
import { replayPrevious } from '../../../../../src/operations/recovery/undo-recovery/replay-previous.ts'
import { clusterOf, LEADER, nodeOf, patroniStatus } from '../../../../support/builders/cluster.ts'
import { seen } from '../../../../support/builders/observed.ts'
import { recoveryRecord } from '../../../../support/builders/recovery-record.ts'
import { controlData, FakeNodeData } from '../../../../support/fakes/fake-node-data.ts'
import { FakeRecoveredCopy } from '../../../../support/fakes/fake-recovered-copy.ts'
import { FakeRecoveries } from '../../../../support/fakes/fake-recoveries.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'
import { callsIn, committedSchema, faultsOf } from '../../../../support/remedy-calls.ts'

const previous = { node: 'db2', directory: '/data/patroni2.previous-r1', timeline: 3, endLsn: '0/9000000', bytes: null }
const COMPLETED = recoveryRecord({ id: 'r1', status: RecoveryStatus.COMPLETED, previous })

/** The step on previous data on this timeline, beside a cluster on that one. */
async function replayed(data: number, cluster: number) {
  const copy = new FakeRecoveredCopy({ state: 'PAUSED', lsn: previous.endLsn })
  const node = Object.assign(new FakeNodeData(), { control: controlData({ timeline: data }) })
  const context = fakeStepContext({
    input: { recovery: 'r1', confirm: 'patroni' },
    clients: {
      nodeData: () => node,
      recoveredCopy: (service, root) => copy.at(service, root),
      refreshNode: async () => {},
    },
    recoveries: new FakeRecoveries(COMPLETED),
    cluster: clusterOf({
      nodes: [{ ...LEADER, patroni: seen(patroniStatus({ timeline: cluster })) }, nodeOf('db2')],
    }),
  })
  await replayPrevious.run(context as never)
  return copy.replays
}

test.each([
  ['as it was put aside', 3, 5, 3],
  ['that an undo promoted which was rolled back before the cluster was stopped', 6, 5, 6],
])('data %s is replayed on its own timeline', async (_, data, cluster, timeline) => {
  expect(await replayed(data, cluster)).toMatchObject([{ timeline, target: { kind: 'END' } }])
})

test.each([6, 7])(
  'not data that an undo promoted to timeline 6, where the cluster has reached %i since',
  async (cluster) => {
    const error = await replayed(6, cluster).catch((thrown: unknown) => thrown as { code: string; remedy: string })
    expect(error).toMatchObject({ code: 'TIMELINE_TAKEN' })
    const [call] = callsIn((error as { remedy: string }).remedy)
    expect(call).toMatchObject({ name: 'recoverCluster', args: { input: { target: { timeline: '3' } } } })
    expect(call === undefined ? ['none'] : faultsOf(call, committedSchema())).toEqual([])
  },
)
