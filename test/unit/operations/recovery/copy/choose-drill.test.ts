import { describe, expect, test } from 'vitest'
import { DrillPoint } from '../../../../../src/domain/recovery/drill-target.ts'
import { chooseDrill } from '../../../../../src/operations/recovery/copy/choose-drill.ts'
import rehearseRecovery from '../../../../../src/operations/recovery/copy/rehearse-recovery.kind.ts'
import type { RehearseRecoveryInput } from '../../../../../src/operations/recovery/copy/rehearse-recovery-input.ts'
import { away, NOW, seen } from '../../../../support/builders/observed.ts'
import { FULL, NEWER, rehearsalOf, TARGET, type World } from '../../../../support/builders/recovery-request.ts'

const point = DrillPoint.RANDOM
const drill = (changes: Partial<RehearseRecoveryInput>, world: World = {}) =>
  rehearsalOf({ target: null, point, ...changes }, world)

const failed = { passed: false, at: NOW, message: 'one file differs', checks: [] }
const damaged: World = {
  verifications: new Map([FULL, NEWER].map((backup) => [`patroni/patroni/${backup}`, failed])),
}

describe('where a drill goes', () => {
  test('is chosen when it is taken, in the place of its point', async () => {
    const context = drill({ idempotencyKey: 'a' })
    const chosen = chooseDrill(context)
    expect(chosen).toEqual({ target: { time: expect.anything() }, backup: null, point: null })
    const taken = drill({ idempotencyKey: 'a', ...chosen })
    expect(chooseDrill(taken)).toEqual({})
    expect(await rehearseRecovery.check(taken)).toEqual([])
  })

  test('is the same when it is requested again, and another for another request', () => {
    const timeOf = (idempotencyKey: string) => String(chooseDrill(drill({ idempotencyKey })).target?.time)
    expect(timeOf('a')).toBe(timeOf('a'))
    expect(new Set(['a', 'b', 'c', 'd'].map(timeOf)).size).toBe(4)
  })

  test.each<[string, Partial<RehearseRecoveryInput>, World, string]>([
    ['with a target as well', { target: TARGET }, {}, 'BAD_TARGET at point'],
    ['with a backup as well', { backup: 'latest' }, {}, 'BAD_TARGET at point'],
    ['without a window', {}, { server: { backups: seen([]) } }, 'TARGET_NOT_RECOVERABLE at point'],
    ['with backups that are damaged alone', {}, damaged, 'TARGET_NOT_RECOVERABLE at point'],
    ['while Barman cannot be read', {}, { server: { backups: away() } }, 'BACKUP_SERVER_UNREACHABLE at server'],
    ['while the archive cannot be read', {}, { server: { wal: away() } }, 'WAL_UNKNOWN at server'],
  ])('is refused %s', async (_, changes, world, refusal) => {
    const context = drill(changes, world)
    const taken = drill({ ...changes, ...chooseDrill(context) }, world)
    expect((await rehearseRecovery.check(taken)).map(({ code, field }) => `${code} at ${field}`)).toEqual([refusal])
  })
})
