import { describe, expect, it } from 'vitest'
import type { ServiceContainer } from '../../../../src/clients/docker/container-address.ts'
import { pickContainer } from '../../../../src/clients/docker/find-container.ts'
import { composeLabels } from '../../../support/fakes/fake-docker.ts'

const DB3: ServiceContainer = { project: 'blue', service: 'db3', name: 'db3' }
const listed = (id: string, state: string, createdAt: number, name = 'db3', labels = composeLabels('blue', 'db3')) => ({
  id,
  name,
  labels,
  state,
  createdAt,
})

describe('of the containers that have the labels of a service', () => {
  it.each([
    ['the one that runs, though a newer one has ended', [listed('a', 'exited', 2), listed('b', 'running', 1)], 'b'],
    ['the one that is frozen, for it is alive', [listed('a', 'created', 2), listed('b', 'paused', 1)], 'b'],
    ['the newest, where none runs', [listed('a', 'exited', 1), listed('b', 'exited', 3), listed('c', 'dead', 2)], 'b'],
    ['the new one, while Compose replaces it', [listed('a', 'exited', 1, 'a_db3'), listed('b', 'created', 2)], 'b'],
    ['the one that Compose has renamed, where there is no other', [listed('a', 'running', 1, 'abc123_db3')], 'a'],
    ['the newer of two that run', [listed('a', 'running', 1), listed('b', 'running', 2, 'x_db3')], 'b'],
    ['none that an operation has set aside', [listed('a', 'exited', 9, 'db3-before-op1')], null],
    [
      'none that had ended before the one that was set aside was made',
      [listed('a', 'exited', 1, 'abc_db3'), listed('b', 'exited', 2, 'db3-before-op1')],
      null,
    ],
    [
      'the one that was made after it',
      [listed('a', 'created', 3), listed('b', 'exited', 2, 'db3-before-op1'), listed('c', 'exited', 1, 'x')],
      'a',
    ],
    [
      'no one-off container',
      [listed('a', 'running', 1, 'db3', { ...composeLabels('blue', 'db3'), 'com.docker.compose.oneoff': 'True' })],
      null,
    ],
    [
      'no recovered copy, whose image may have brought the labels along',
      [listed('a', 'running', 2, 'db3-r1', { ...composeLabels('blue', 'db3'), 'howdah.sandbox': '/data' })],
      null,
    ],
    ['none, where there are none', [], null],
  ])('it takes %s', (_, containers, expected) => {
    expect(pickContainer(DB3, containers)?.id ?? null).toBe(expected)
  })
})
