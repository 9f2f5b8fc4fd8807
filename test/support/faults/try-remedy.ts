import { expect } from 'vitest'
import { callsIn, committedSchema, faultsOf } from '../remedy-calls.ts'
import type { ApiClient } from '../stack/api-client.ts'
import { untilEnd } from '../stack/operation-client.ts'

/** Does what a remedy says, as it stands there, and follows it to its end. */
export async function tryRemedy(api: ApiClient, remedy: string | null): Promise<void> {
  const [call] = callsIn(remedy)
  if (call === undefined) throw new Error(`nothing to paste in: ${remedy}`)
  expect(faultsOf(call, committedSchema())).toEqual([])
  const answer = await api.query<{ payload: { operation: { id: string } | null; refusals: { code: string }[] } }>(
    `mutation { payload: ${call.text} { operation { id } refusals { code } } }`,
  )
  expect(answer.payload.refusals, call.text).toEqual([])
  const { operation } = await untilEnd(api, answer.payload.operation?.id ?? '')
  expect(operation.error, call.text).toBeNull()
}
