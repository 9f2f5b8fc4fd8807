import { describe, expect, it } from 'vitest'
import { createLogReader } from '../../../../src/clients/docker/container-logs.ts'
import { parseContainer } from '../../../../src/clients/docker/container-status.ts'
import { cpuPercentBetween, parseContainerUsage } from '../../../../src/clients/docker/container-usage.ts'
import { openDocker } from '../../../../src/clients/docker/docker-endpoint.ts'
import { ServiceState } from '../../../../src/domain/cluster/node.ts'
import { InvalidValueError } from '../../../../src/domain/errors.ts'
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

describe('use', () => {
  const usage = parseContainerUsage('Docker haproxy', JSON.parse(fixture('container-usage.json')))

  it('leaves out the cache that the kernel would give up', () => {
    const { memory_stats } = JSON.parse(fixture('container-usage.json'))
    expect(usage.memoryBytes).toBe(memory_stats.usage - memory_stats.stats.inactive_file)
    expect(usage.memoryLimitBytes).toBe(memory_stats.limit)
  })

  it('is 100 for one core in full use between two samples', () => {
    const later = { ...usage, at: new Date(usage.at.getTime() + 2_000), cpuNanoseconds: usage.cpuNanoseconds + 2e9 }
    expect(cpuPercentBetween(usage, later)).toBeCloseTo(100)
    expect(cpuPercentBetween(undefined, later)).toBeNull()
    expect(cpuPercentBetween(later, usage)).toBeNull()
  })
})

describe('logs', () => {
  const frame = (stream: number, text: string) => {
    const header = Buffer.alloc(8)
    header[0] = stream
    header.writeUInt32BE(Buffer.byteLength(text), 4)
    return Buffer.concat([header, Buffer.from(text)])
  }
  const output = Buffer.concat([
    frame(1, '2026-11-22T18:47:17.620327123Z grüße\n'),
    frame(2, '2026-11-22T18:47:18Z oh '),
    frame(1, '2026-11-22T18:47:19Z a\r\n2026-11-22T18:47:20Z \n'),
    frame(2, 'no\n2026-11-22T18:47:21Z unfinished'),
  ])
  const expected = [
    ['stdout', 'grüße', '2026-11-22T18:47:17.620Z'],
    ['stdout', 'a', '2026-11-22T18:47:19.000Z'],
    ['stdout', '', '2026-11-22T18:47:20.000Z'],
    ['stderr', 'oh no', '2026-11-22T18:47:18.000Z'],
    ['stderr', 'unfinished', '2026-11-22T18:47:21.000Z'],
  ]

  it.each([1, 3, 7, 1000])('are the same lines in pieces of %i bytes', (size) => {
    const reader = createLogReader()
    const lines = []
    for (let start = 0; start < output.length; start += size)
      lines.push(...reader.push(output.subarray(start, start + size)))
    lines.push(...reader.end())
    expect(lines.map(({ stream, text, at }) => [stream, text, at.toISOString()])).toEqual(expected)
  })
})

it('an endpoint is a socket or a URL', () => {
  expect(() => openDocker('unix:///var/run/docker.sock')).not.toThrow()
  expect(() => openDocker('http://docker-proxy:2375')).not.toThrow()
  expect(() => openDocker('docker-proxy')).toThrow(InvalidValueError)
})
