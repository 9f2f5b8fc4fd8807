import { describe, expect, test } from 'vitest'
import type { CommandResult, ServiceCommands } from '../../../../../src/clients/docker/service-commands.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import { endRecovery } from '../../../../../src/operations/recovery/promotion/end-recovery.ts'
import { FakeRecoveredCopy } from '../../../../support/fakes/fake-recovered-copy.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const VERIFIER = 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'
const ROLES = ['barman', 'howdah', 'postgres', 'replicator'].map((name) => ({
  name,
  verifier: VERIFIER,
  connectionLimit: -1,
}))
const SET = { set: ['howdah', 'replicator'], missing: ['barman'], loginTriggers: ['curfew'] }

function world(answers: Partial<Record<'leader' | 'set' | 'promote', Partial<CommandResult>>> = {}) {
  const asked: { service: string; argv: readonly string[]; stdin: string | undefined }[] = []
  const answer = (key: keyof typeof answers, stdout: string) => ({ exitCode: 0, stdout, stderr: '', ...answers[key] })
  const run: ServiceCommands['run'] = async (service, { argv, stdin }) => {
    asked.push({ service, argv, stdin })
    if (argv.includes('psql')) return answer('leader', JSON.stringify(ROLES))
    return answer('promote', 'running\n')
  }
  const copy = new FakeRecoveredCopy({ state: 'PAUSED' })
  copy.roles = SET
  const context = fakeStepContext({
    input: { recovery: 'r1' },
    clients: {
      role: 'howdah',
      services: { run } satisfies Partial<ServiceCommands> as unknown as ServiceCommands,
      dcs: {
        read: async () => ({ value: 'db1', modRevision: '1' }),
        writeIf: async () => false,
        change: async () => false,
      },
      recoveredCopy: (service, directory) => copy.at(service, directory),
    },
  })
  return { context, copy, asked }
}

describe('what takes the place of the cluster', () => {
  test('gets the roles that the leader has, between its promotion and its stop', async () => {
    const { context, copy, asked } = world()
    await endRecovery(context, copy)
    expect(copy.done).toEqual(['promote', 'set roles', 'hand over'])
    expect(copy.rolesGiven).toEqual(ROLES)
    expect(asked.map(({ service }) => service)).toEqual(['db1'])
    for (const name of ['howdah', 'barman', 'replicator', 'postgres'])
      expect(asked[0]?.argv.at(-1)).toContain(`'${name}'`)
  })

  test('is left as it is where a worker that was lost has stopped it', async () => {
    const { context, copy } = world()
    copy.promote = async () => {}
    copy.looks = [{ ...(await copy.status()), state: 'STOPPED' }]
    await endRecovery(context, copy)
    expect(copy.done).toEqual(['hand over'])
  })

  test('is not handed over where the roles could not be set', async () => {
    const { context, copy } = world()
    copy.setRoles = async () => {
      throw new UnreachableError('the copy', 'read-only')
    }
    await expect(endRecovery(context, copy)).rejects.toMatchObject({ code: 'UNREACHABLE' })
    expect(copy.done).toEqual(['promote'])
  })

  test('names the roles, and never what was set', async () => {
    const { context, copy, asked } = world()
    await endRecovery(context, copy)
    expect(context.messages[0]).toContain('howdah, replicator')
    expect(context.messages.join('\n')).toMatch(/no role barman.*curfew/s)
    const shown = [context.messages, context.kept, asked.map(({ argv }) => argv)]
    expect(JSON.stringify(shown)).not.toContain('SCRAM')
  })

  test('nor in an error, where the leader ends in the middle of its answer', async () => {
    const { context, copy } = world({ leader: { exitCode: 137, stdout: JSON.stringify(ROLES) } })
    const error = await endRecovery(context, copy).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'NODE_COMMAND_FAILED' })
    expect(`${error}`).not.toContain('SCRAM')
  })
})
