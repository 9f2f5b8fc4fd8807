import { cancelOperation, createBackup, untilEnd } from '../support/stack/operation-client.ts'
import { api, median, ms, percentile, printTable } from './support.ts'

const ROUNDS = 15

/** One clock for all: the times of events come from the API's and the worker's containers, on this same machine. */
const answered: number[] = []
const firstEvent: number[] = []
const started: number[] = []

for (let round = 0; round < ROUNDS; round += 1) {
  const feed = api.subscribe<{ operationFeed: { __typename: string; at: string; operation: { id: string } } }>(
    'subscription { operationFeed { __typename at operation { id } } }',
  )
  const first = feed.next().then(({ value }) => ({ value, at: performance.now() }))
  // Until the subscription stands there is nothing to measure.
  await new Promise((resolve) => setTimeout(resolve, 300))
  const askedAt = performance.now()
  const { operation, refusals } = await createBackup(api, { type: 'INCREMENTAL' })
  const answeredAt = performance.now()
  if (operation === null) throw new Error(refusals.map(({ message }) => message).join('; '))
  const event = await first
  answered.push(answeredAt - askedAt)
  firstEvent.push(Math.max(0, event.at - answeredAt))
  for (;;) {
    const next = (await feed.next()).value.operationFeed
    if (next.__typename !== 'OperationStarted') continue
    started.push(Date.parse(next.at) - Date.parse(event.value.operationFeed.at))
    break
  }
  await feed.return?.()
  await cancelOperation(api, operation.id)
  await untilEnd(api, operation.id)
}
await api.close()

const row = (what: string, values: readonly number[]) => [
  what,
  ms(median(values)),
  ms(percentile(values, 0.99)),
  String(values.length),
]
printTable(
  ['from, to', 'p50', 'p99', 'rounds'],
  [
    row('mutation sent, its answer', answered),
    row('its answer, first event at a subscriber', firstEvent),
    row('enqueued, started by the worker', started),
  ],
)
