import { describe, expect, test } from 'vitest'
import { beginOutage, measureCutOver } from '../../../../../src/operations/recovery/cut-over/cut-over-outage.ts'
import {
  CUT_OVER,
  expectWarning,
  failing,
  REFUSALS,
  refusedBy,
  refusedContext,
  SILENT,
} from '../../../../support/fakes/fake-refused-role.ts'

describe.each(REFUSALS)('where Howdah may not log in because %s', (_, given, remedy) => {
  const refused = refusedBy(given)

  test('a cut-over goes on, with no downtime', async () => {
    const { context, said } = refusedContext(failing(refused, { ready: refused }), 'WRITES', CUT_OVER)
    await beginOutage(context)
    expect(await measureCutOver(context)).toBeNull()
    expectWarning(said(), given, remedy)
  })
})

describe('what decides is the node that leads', () => {
  const refused = refusedBy({ code: '42501', message: 'permission denied' })

  test('in a cut-over a node that is still in recovery fails the step', async () => {
    const { context } = refusedContext(failing(refused), 'RECOVERY', CUT_OVER)
    await expect(measureCutOver(context)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('in a cut-over a leader whose commits wait is told, and its replicas are let in', async () => {
    const { context, said } = refusedContext(failing(SILENT), 'COMMIT_HANGS', CUT_OVER)
    expect(await measureCutOver(context)).toBeNull()
    expect(said()).toContain('db2 leads, and takes no writes')
  })
})
