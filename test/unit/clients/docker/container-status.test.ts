import { describe, expect, it } from 'vitest'
import { parseContainer } from '../../../../src/clients/docker/container-status.ts'
import { ServiceState } from '../../../../src/domain/cluster/node.ts'
import { fixture } from '../../../support/builders/fixture.ts'

const container = JSON.parse(fixture('container-haproxy.json'))

describe('a container', () => {
  it('is told with its ports as people write them', () => {
    expect(parseContainer('Docker haproxy', container)).toMatchObject({
      image: 'howdah/haproxy:trixie',
      state: ServiceState.RUNNING,
      health: 'healthy',
      exitCode: null,
      restartCount: 0,
      ports: ['127.0.0.1:5000->5000/tcp', '127.0.0.1:5001->5001/tcp', '127.0.0.1:8404->8404/tcp'],
    })
  })

  it('that has ended tells its exit code, and no health', () => {
    const ended = { ...container, State: { ...container.State, Status: 'exited', ExitCode: 137 } }
    expect(parseContainer('Docker haproxy', ended)).toMatchObject({
      state: ServiceState.EXITED,
      exitCode: 137,
      health: null,
    })
  })

  it('that was never started has no start', () => {
    const State = { Status: 'created', StartedAt: '0001-01-01T00:00:00Z', ExitCode: 0 }
    const created = { ...container, State, NetworkSettings: { Ports: { '22/tcp': null } } }
    expect(parseContainer('Docker x', created)).toMatchObject({
      state: ServiceState.CREATED,
      startedAt: null,
      exitCode: null,
      ports: [],
    })
  })
})
