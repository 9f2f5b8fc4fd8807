import { describe, expect, test } from 'vitest'
import { createOperationService } from '../../../src/admission/create-operation-service.ts'
import { HOWDAH } from '../../../src/admission/permissions.ts'
import type { SubmitDependencies } from '../../../src/admission/submit-dependencies.ts'
import { type Actor, Role, Surface } from '../../../src/domain/operation/operation.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import { operationRecord } from '../../support/builders/operations.ts'

const registry = await loadOperations()
class ReachedError extends Error {}

/** Admission whose log answers one operation, and stops every call that gets further. */
function admission(kind: string) {
  const reach = async (): Promise<never> => {
    throw new ReachedError()
  }
  const log = {
    get: async () => operationRecord({ kind }),
    append: reach,
    list: reach,
    active: reach,
    findByIdempotencyKey: reach,
  }
  const dependencies = { registry, log, clusters: new Map([['patroni', {}]]), snapshots: {}, recoveries: {}, queue: {} }
  return createOperationService(dependencies as unknown as SubmitDependencies)
}

const actor = (name: string, role: Role): Actor => ({ name, role, surface: Surface.API, onBehalfOf: null })
const actors = {
  viewer: actor('v', Role.VIEWER),
  operator: actor('o', Role.OPERATOR),
  admin: actor('a', Role.ADMIN),
  /** A token may have any name. */
  'an admin named howdah': actor('howdah', Role.ADMIN),
  'Howdah itself': HOWDAH,
}
type ActorName = keyof typeof actors

const rows: [kind: string, allowed: ActorName[]][] = [
  ['createBackup', ['operator', 'admin', 'an admin named howdah', 'Howdah itself']],
  ['deleteBackup', ['admin', 'an admin named howdah', 'Howdah itself']],
  ['recoverCluster', ['admin', 'an admin named howdah', 'Howdah itself']],
  ['releaseLeaderLock', ['Howdah itself']],
]
const cases = rows.flatMap(([kind, allowed]) =>
  (Object.keys(actors) as ActorName[]).map((actor) => [actor, kind, allowed.includes(actor)] as const),
)

describe('a role holds at admission, whichever surface asks', () => {
  test.each(cases)('%s requests %s: %s', async (actor, kind, isAllowed) => {
    const definition = registry.get(kind)
    if (definition === undefined) throw new Error(`no ${kind}`)
    const input = Object.assign(new definition.input(), { idempotencyKey: 'k' })
    const asked = admission(kind).submit(kind, input, actors[actor])
    await expect(asked).rejects.toThrow(isAllowed ? ReachedError : `may not call ${kind}`)
  })

  test.each(cases)('%s retries %s: %s', async (actor, kind, isAllowed) => {
    const asked = admission(kind).retry('id', null, actors[actor])
    // A record that has not ended is refused as data, behind the role.
    if (isAllowed) expect((await asked).refusals).toMatchObject([{ code: 'NOT_RETRYABLE' }])
    else await expect(asked).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test.each([
    ['viewer', false],
    ['operator', true],
  ] as const)('%s cancels: %s', async (actor, isAllowed) => {
    const asked = admission('createBackup').cancel('id', null, actors[actor])
    await expect(asked).rejects.toThrow(isAllowed ? ReachedError : 'may not call cancelOperation')
  })
})
