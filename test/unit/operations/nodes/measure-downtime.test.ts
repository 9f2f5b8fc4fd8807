import { describe, expect, test } from 'vitest'
import { measureDowntime } from '../../../../src/operations/nodes/measure-downtime.ts'
import {
  expectWarning,
  failing,
  REFUSALS,
  refusedBy,
  refusedContext,
} from '../../../support/fakes/fake-refused-role.ts'

describe.each(REFUSALS)('where Howdah may not log in because %s', (_, given, remedy) => {
  const refused = refusedBy(given)

  test('a restart of the leader is done, and keeps no downtime', async () => {
    for (const ready of [null, refused]) {
      const { context, said } = refusedContext(failing(refused, { ready }))
      await measureDowntime(context, async () => {})
      expect(context.kept).not.toHaveProperty('downtimeSeconds')
      expectWarning(said(), given, remedy)
    }
  })
})
