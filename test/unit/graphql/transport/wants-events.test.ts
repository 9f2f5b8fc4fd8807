import { expect, test } from 'vitest'
import { wantsEvents } from '../../../../src/graphql/transport/wants-events.ts'

test.each<[string, string | undefined, boolean]>([
  ['an EventSource', 'text/event-stream', true],
  ['whatever its case and parameters', 'Text/Event-Stream; charset=utf-8', true],
  ["urql's subscriptions, which take either form of a stream", 'text/event-stream, multipart/mixed', true],
  [
    "urql's queries, which list it last",
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    false,
  ],
  ['a client that lists it first', 'text/event-stream, application/json', false],
  ['a client that takes anything', 'text/event-stream, */*;q=0.5', false],
  ['one that takes no JSON', 'text/event-stream, application/json;q=0', true],
  ['one that does not take it', 'text/event-stream;q=0.0, text/html', false],
  ['a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', false],
  ['a client that says nothing', undefined, false],
])('%s', (_who, accept, events) => {
  expect(wantsEvents(accept)).toBe(events)
})
