import { describe, expect, test } from 'vitest'
import type { CommandResult } from '../../../../../src/clients/docker/service-commands.ts'
import type { CheckConnectivityInput } from '../../../../../src/operations/services/check-connectivity/check-connectivity-input.ts'
import { reachService } from '../../../../../src/operations/services/check-connectivity/reach-service.ts'
import { serviceStepContext } from '../../../../support/fakes/fake-containers.ts'

describe('a connection', () => {
  const said = (answer: object | string, exitCode = 0): CommandResult => ({
    exitCode,
    stdout: typeof answer === 'string' ? answer : JSON.stringify(answer),
    stderr: '',
  })
  const attempt = (answer: CommandResult) => {
    const { context, lines } = serviceStepContext<CheckConnectivityInput>(
      { from: 'db1', to: 'etcd1' },
      { answer, containers: { db1: {}, etcd1: { networks: ['elsewhere'] } } },
    )
    return { result: reachService.run(context), lines }
  }
  const resolved = { addresses: ['172.20.0.5'], resolveMicroseconds: 1500 }

  test('is measured by the median of its tries', async () => {
    const tries = [{ microseconds: 300 }, { microseconds: 90 }, { microseconds: 100 }, { error: 'timeout' }]
    const { result, lines } = attempt(said({ ...resolved, tries }))
    await result
    expect(lines).toEqual([
      'INFO db1 resolves etcd1 to 172.20.0.5 in 1.5 ms',
      'INFO db1 connects to etcd1:2379 in 0.1 ms, the median of 4 tries; 1 failed (timeout)',
    ])
  })

  test.each([
    ['NAME_NOT_RESOLVED', said({ addresses: [], resolveMicroseconds: 1, tries: [] })],
    ['PORT_CLOSED', said({ ...resolved, tries: [{ error: 'refused' }] })],
    ['TIMED_OUT', said({ ...resolved, tries: [{ error: 'timeout' }, { error: 'timeout' }, { microseconds: 9 }] })],
    ['TIMED_OUT', said({ ...resolved, tries: [{ error: 'unreachable' }] })],
    ['PROBE_MISSING', said('OCI runtime exec failed: no such file', 127)],
  ])('fails with %s', async (code, answer) => {
    const { result } = attempt(answer)
    await expect(result).rejects.toMatchObject({ code, remedy: expect.any(String) })
  })

  test('that fails tells which networks there are', async () => {
    const { result } = attempt(said({ addresses: [], resolveMicroseconds: 1, tries: [] }))
    await expect(result).rejects.toMatchObject({
      remedy: expect.stringContaining('db1 is running, on patroni_network; etcd1 is running, on elsewhere.'),
    })
  })
})
