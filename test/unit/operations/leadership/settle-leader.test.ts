import { describe, test } from 'vitest'
import { settleLeader } from '../../../../src/operations/leadership/settle-leader.ts'
import {
  expectWarning,
  failing,
  REFUSALS,
  refusedBy,
  refusedContext,
} from '../../../support/fakes/fake-refused-role.ts'

describe.each(REFUSALS)('where Howdah may not log in because %s', (_, given, remedy) => {
  const refused = refusedBy(given)

  test('the cluster settles after a change of the leader', async () => {
    const { context, said } = refusedContext(failing(refused, { ready: refused }), 'WRITES', { leader: 'db2' })
    await settleLeader.run(context)
    expectWarning(said(), given, remedy)
  })
})
