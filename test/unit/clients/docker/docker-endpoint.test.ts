import { expect, it } from 'vitest'
import { openDocker } from '../../../../src/clients/docker/docker-endpoint.ts'
import { InvalidValueError } from '../../../../src/domain/errors.ts'

it('an endpoint is a socket or a URL', () => {
  expect(() => openDocker('unix:///var/run/docker.sock')).not.toThrow()
  expect(() => openDocker('http://docker-proxy:2375')).not.toThrow()
  expect(() => openDocker('docker-proxy')).toThrow(InvalidValueError)
})
