import { describe, expect, test } from 'vitest'
import type { CommandResult, ServiceCommands } from '../../../../../src/clients/docker/service-commands.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import { readLoadTimes } from '../../../../../src/operations/configuration/update-configuration/settled-restart-flags.ts'
import { refusedBy } from '../../../../support/fakes/fake-refused-role.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

describe('a node that does not let Howdah in says over its own socket when it read its configuration', () => {
  const LOADED = '2026-11-22T15:49:59.123Z'
  const reading = (node: (name: string) => Promise<CommandResult>) =>
    readLoadTimes(
      fakeStepContext({
        input: {},
        clients: {
          services: {
            run: (name: string) => node(name),
          } satisfies Partial<ServiceCommands> as unknown as ServiceCommands,
          readConfigurationLoadedAt: async (name) => {
            if (name === 'db2') throw refusedBy({ code: '28P01', message: 'password authentication failed' })
            return new Date('2026-11-22T15:50:00.000Z')
          },
        },
      }),
    )

  test('and that counts as if it had been asked there', async () => {
    const times = await reading(async () => ({ exitCode: 0, stdout: `${LOADED}\n`, stderr: '' }))
    expect(times).toMatchObject({ db1: '2026-11-22T15:50:00.000Z', db2: LOADED })
  })

  test.each<[string, () => Promise<CommandResult>]>([
    ['psql cannot', async () => ({ exitCode: 2, stdout: '', stderr: 'no socket' })],
    ['Docker does not answer', () => Promise.reject(new UnreachableError('Docker db2', 'no answer'))],
  ])('or is waited for where %s', async (_, node) => {
    expect(await reading(node)).not.toHaveProperty('db2')
  })
})
