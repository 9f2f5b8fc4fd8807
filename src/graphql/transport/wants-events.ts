const EVENTS = 'text/event-stream'
/** What a GraphQL answer that is no stream may be. */
const JSON_TYPES: ReadonlySet<string> = new Set([
  'application/json',
  'application/graphql+json',
  'application/graphql-response+json',
  'application/*',
  '*/*',
])

/**
 * Whether an Accept header wants server-sent events: it names them, and no form of JSON beside them. Clients such as urql
 * list every form that they can read with every query, and mean JSON.
 */
export function wantsEvents(accept: string | undefined): boolean {
  const types = (accept ?? '').split(',').flatMap(acceptedType)
  return types.includes(EVENTS) && !types.some((type) => JSON_TYPES.has(type))
}

/** The media type of one entry, without its parameters; none for one with the weight 0, which is refused. */
function acceptedType(entry: string): string[] {
  const [type = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase())
  return parameters.some((each) => /^q=0(\.0*)?$/.test(each)) ? [] : [type]
}
