import { expect, test } from 'vitest'
import type { ControlDataAnswer } from '../../../../src/clients/agent/node-data.ts'
import { readControlData } from '../../../../src/operations/node-access/control-data.ts'
import { controlData, FakeNodeData } from '../../../support/fakes/fake-node-data.ts'
import { fakeStepContext } from '../../../support/fakes/fake-step-context.ts'

function read(control: ControlDataAnswer) {
  const node = Object.assign(new FakeNodeData(), { control })
  return readControlData(fakeStepContext({ input: {}, clients: { nodeData: () => node } }), 'db1', '/data')
}

test('what pg_control says is told as it is', async () => {
  const said = { systemIdentifier: '7713299059352088616', state: 'shut down', checkpointLsn: '0/2000080', timeline: 3 }
  expect(await read(controlData(said))).toEqual(said)
})

test('one that does not match its checksum is an error: nothing that it says can be gone by', async () => {
  await expect(read({ read: 'DAMAGED' })).rejects.toMatchObject({
    code: 'CONTROL_DATA_DAMAGED',
    message: 'global/pg_control in /data of db1 does not match its checksum',
  })
})

test('what it does not say is not made up', async () => {
  await expect(read({ read: 'PARTIAL', missing: "Latest checkpoint's TimeLineID" })).rejects.toMatchObject({
    code: 'UNEXPECTED_ANSWER',
    message: expect.stringMatching(/^pg_controldata in db1 .*no "Latest checkpoint's TimeLineID"$/),
  })
})
