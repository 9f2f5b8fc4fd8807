import { expect, test } from 'vitest'
import { stageOf } from '../../../../src/clients/docker/image-builder.ts'

test.each([
  ['howdah/etcd:trixie', 'etcd'],
  ['registry:5000/team/postgres', 'postgres'],
])('image %s is stage %s', (image, stage) => {
  expect(stageOf(image)).toBe(stage)
})
