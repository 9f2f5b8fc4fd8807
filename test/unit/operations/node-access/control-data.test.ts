import { expect, test } from 'vitest'
import type { ServiceCommands } from '../../../../src/clients/docker/service-commands.ts'
import { readControlData } from '../../../../src/operations/node-access/control-data.ts'
import { fakeStepContext } from '../../../support/fakes/fake-step-context.ts'

const SAID = `Database system identifier:           7713299059352088616
Database cluster state:               shut down
Latest checkpoint location:           0/2000080
Latest checkpoint's TimeLineID:       3
`
const DAMAGED = 'pg_controldata: warning: calculated CRC checksum does not match value stored in control file\n'

function read(stdout: string) {
  const run: ServiceCommands['run'] = async () => ({ exitCode: 0, stdout, stderr: '' })
  const context = fakeStepContext({ input: {}, clients: { services: { run } as ServiceCommands } })
  return readControlData(context, 'db1', '/data')
}

test('what pg_controldata says is read by its names', async () => {
  expect(await read(SAID)).toEqual({
    systemIdentifier: '7713299059352088616',
    state: 'shut down',
    checkpointLsn: '0/2000080',
    timeline: 3,
  })
})

test('its warning of a wrong checksum, with which it ends well, is an error: nothing that it says can be gone by', async () => {
  await expect(read(DAMAGED + SAID)).rejects.toMatchObject({ code: 'CONTROL_DATA_DAMAGED' })
})

test('what it does not say is not made up', async () => {
  await expect(read(SAID.replace('TimeLineID', 'x'))).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER' })
})
