import { expect, it } from 'vitest'
import { ContainerConflictError } from '../../../../src/clients/docker/container-errors.ts'

it.each([
  ['Container c is paused, unpause the container before exec', /`docker unpause db3`/],
  ['container is marked for removal and cannot be started', /`npm start`/],
  ['The container name "/db3" is already in use by container "1f"', /`docker ps --all --filter name=db3`/],
  ['Container 1f is not running', /`docker start db3`/],
  ['something else', /`docker inspect .* db3`/],
])('what Docker refuses with "%s" has a remedy', (reason, remedy) => {
  const error = new ContainerConflictError('db3', reason)
  expect([error.code, error.remedy]).toEqual(['CONTAINER_CONFLICT', expect.stringMatching(remedy)])
})
