import { expect, test } from 'vitest'
import { restartCall, startCall } from '../../../../src/domain/cluster/start-call.ts'

test('a service is started by Howdah', () => {
  expect(startCall('barman')).toBe('startService(input: {service: "barman"})')
  expect(restartCall('barman')).toBe('restartService(input: {service: "barman"})')
})

test.each(['worker', 'redis'])('%s, without which no operation runs, is started on the host', (service) => {
  expect(startCall(service)).toBe(`\`docker compose start ${service}\` on the host`)
})

test('the worker does not restart itself', () => {
  expect(restartCall('worker')).toBe('`docker compose restart worker` on the host')
})
