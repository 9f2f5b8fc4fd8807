import { expect, it } from 'vitest'
import { findData } from '../../../scripts/lib/existing-data.mjs'
import { fakeDockerCommand } from '../../support/fakes/fake-docker-command.ts'
import { fakeStackDocker } from '../../support/fakes/fake-stack-docker.ts'

it('finds volumes by their labels, and those without by their name', async () => {
  const { docker } = fakeStackDocker({
    volumes: [
      ['howdah_db1_data', 'db1_data'],
      ['howdah_barman_backup', null],
      ['howdah_redis_data', 'redis_data'],
      ['howdah_secrets_mark', null],
      ['other_db1_data', null],
      ['db2_data', null],
    ],
  })
  const { volumes, owner, nodes } = await findData('howdah', docker)
  expect(volumes).toEqual(['howdah_barman_backup', 'howdah_db1_data'])
  expect({ owner, nodes }).toEqual({ owner: null, nodes: [] })
})

it("says from where the nodes' containers were made", async () => {
  const containers = [
    { service: 'api', folder: '/new' },
    { service: 'db2', folder: '/old', running: false },
    { service: 'db1', folder: '/old', scope: 'main' },
  ]
  const { owner, nodes } = await findData('howdah', fakeStackDocker({ containers }).docker)
  expect(owner).toEqual({ folder: '/old', envFile: '/old/.env', secretsDir: '/old/secrets' })
  expect(nodes).toEqual([
    { service: 'db1', id: 'db1', running: true, scope: 'main' },
    { service: 'db2', id: 'db2', running: false, scope: 'patroni' },
  ])
})

it('takes no failure of Docker for "there is no data"', async () => {
  const { docker } = fakeDockerCommand([[/^volume ls/, () => ({ code: 1, output: 'cannot connect' })]])
  await expect(findData('howdah', docker)).rejects.toMatchObject({ detail: 'cannot connect' })
})
