import { describe, expect, test } from 'vitest'
import type { CommandResult, ServiceCommands } from '../../../src/operations/clients/service-commands.ts'
import { recoveredCopyOf } from '../../../src/operations/steps/recovered-subject.ts'
import { previousDataOf } from '../../../src/operations/steps/replay-previous.ts'
import { FakeRecoveredCopy } from '../../support/fake-recovered-copy.ts'
import { fakeStepContext } from '../../support/fake-step-context.ts'

const VERIFIER = 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'
const ROLES = ['barman', 'howdah', 'postgres', 'replicator'].map((name) => ({
  name,
  verifier: VERIFIER,
  connectionLimit: -1,
}))
const SET = { set: ['howdah', 'replicator'], missing: ['barman'], loginTriggers: ['curfew'] }
const subject = { recovery: 'r1', server: 's', node: 'db2', copy: '/c' }

function world(answers: Partial<Record<'leader' | 'set' | 'promote', Partial<CommandResult>>> = {}) {
  const asked: { service: string; argv: readonly string[]; stdin: string | undefined }[] = []
  const answer = (key: keyof typeof answers, stdout: string) => ({ exitCode: 0, stdout, stderr: '', ...answers[key] })
  const run: ServiceCommands['run'] = async (service, { argv, stdin }) => {
    asked.push({ service, argv, stdin })
    if (argv.includes('psql')) return answer('leader', JSON.stringify(ROLES))
    if (argv[0] === 'python3') return answer('set', JSON.stringify(SET))
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
  const { promote } = recoveredCopyOf<{ recovery: string }>(() => 'r1')

  test('gets the roles that the leader has, between its promotion and its stop', async () => {
    const { context, copy, asked } = world()
    await promote(context, subject)
    expect(copy.done.slice(1)).toEqual(['promote', 'set roles', 'stop'])
    expect(copy.rolesGiven).toEqual(ROLES)
    expect(asked.map(({ service }) => service)).toEqual(['db1'])
    for (const name of ['howdah', 'barman', 'replicator', 'postgres'])
      expect(asked[0]?.argv.at(-1)).toContain(`'${name}'`)
  })

  test('is left as it is where a worker that was lost has stopped it', async () => {
    const { context, copy } = world()
    copy.promote = async () => {}
    copy.looks = [{ ...(await copy.status()), state: 'STOPPED' }]
    await promote(context, subject)
    expect(copy.done.slice(1)).toEqual(['stop'])
  })

  test('so does the data from before, with which a recovery is undone', async () => {
    const { context, asked } = world()
    await previousDataOf.promote(context, subject)
    const set = asked.find(({ argv }) => argv[0] === 'python3')
    expect([set?.service, set?.argv.at(-1), JSON.parse(set?.stdin ?? '')]).toEqual(['db2', '/c', { roles: ROLES }])
    expect(asked.at(-1)?.argv.join(' ')).toContain('-m fast')
  })

  test('is not cut over to where the roles could not be set', async () => {
    const { context } = world({ set: { exitCode: 1, stdout: '', stderr: 'recovery_roles: read-only' } })
    await expect(previousDataOf.promote(context, subject)).rejects.toMatchObject({ code: 'ROLES_NOT_SET' })
  })

  test('names the roles, and never what was set', async () => {
    const { context, asked } = world()
    await promote(context, subject)
    await previousDataOf.promote(context, subject)
    expect(context.messages[0]).toContain('howdah, replicator')
    expect(context.messages.join('\n')).toMatch(/no role barman.*curfew/s)
    const shown = [context.messages, context.kept, asked.map(({ argv }) => argv)]
    expect(JSON.stringify(shown)).not.toContain('SCRAM')
  })

  test('nor in an error, where the leader ends in the middle of its answer', async () => {
    const { context } = world({ leader: { exitCode: 137, stdout: JSON.stringify(ROLES) } })
    const error = await promote(context, subject).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'NODE_COMMAND_FAILED' })
    expect(`${error}`).not.toContain('SCRAM')
  })
})
