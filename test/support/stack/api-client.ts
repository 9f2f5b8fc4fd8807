import { createClient } from 'graphql-ws'
import WebSocket from 'ws'

/** A GraphQL answer before it is checked. */
export interface Answer<Data> {
  readonly data?: Data | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[]
}

/** A client of the running API, as a script would be one. */
export interface ApiClient {
  /** The answer as it came. */
  send<Data>(query: string, variables?: Record<string, unknown>): Promise<Answer<Data>>
  /** The data; throws with the errors' messages when there are any. */
  query<Data>(query: string, variables?: Record<string, unknown>): Promise<Data>
  /** Over graphql-ws. Ends when the server completes it; `return()` ends it at once. */
  subscribe<Data>(query: string, variables?: Record<string, unknown>): AsyncIterableIterator<Data>
  close(): Promise<void>
}

export function createApiClient({ url, token }: { url: string; token: string | null }): ApiClient {
  const headers = {
    'content-type': 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }
  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: token === null ? {} : { authorization: `Bearer ${token}` },
    lazy: true,
    retryAttempts: 0,
  })

  async function send<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Answer<Data>> {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
    return (await response.json()) as Answer<Data>
  }

  return {
    send,
    async query<Data>(query: string, variables?: Record<string, unknown>) {
      const { data, errors } = await send<Data>(query, variables)
      if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join('; '))
      if (data === null || data === undefined) throw new Error('the answer has no data')
      return data
    },
    async *subscribe<Data>(query: string, variables: Record<string, unknown> = {}) {
      for await (const { data, errors } of socket.iterate<Data>({ query, variables })) {
        if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join('; '))
        if (data !== null && data !== undefined) yield data
      }
    },
    async close() {
      await socket.dispose()
    },
  }
}
