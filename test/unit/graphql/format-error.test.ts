import 'reflect-metadata'
import { GraphQLError, locatedError } from 'graphql'
import { expect, test, vi } from 'vitest'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { badUserInput, formatGraphQLError } from '../../../src/graphql/format-error.ts'

function format(thrown: unknown, path: readonly string[] | null = ['field']) {
  const onUnexpected = vi.fn()
  const error = path === null ? (thrown as GraphQLError) : locatedError(thrown, undefined, path)
  return { formatted: formatGraphQLError(error.toJSON(), error, onUnexpected), onUnexpected }
}

test("Howdah's own errors leave with code, remedy and retryable", () => {
  const { formatted, onUnexpected } = format(new UnreachableError('Patroni db2', 'timeout', { remedy: 'Start it.' }))
  expect(formatted).toEqual({
    message: 'Patroni db2 cannot be reached: timeout',
    path: ['field'],
    extensions: { code: 'UNREACHABLE', remedy: 'Start it.', retryable: true },
  })
  expect(onUnexpected).not.toHaveBeenCalled()
})

test('an unexpected error says nothing to the caller and everything to the listener', () => {
  const error = new TypeError('password is hunter2')
  const { formatted, onUnexpected } = format(error)
  expect(JSON.stringify(formatted)).not.toMatch(/hunter2|TypeError|\.ts/)
  expect(formatted.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', retryable: false })
  expect(onUnexpected).toHaveBeenCalledWith(error)
})

test('an unexpected error that a stream threw, and so has no path, says nothing either', () => {
  const originalError = new TypeError('password is hunter2')
  const { formatted } = format(new GraphQLError(originalError.message, { originalError }), null)
  expect(formatted.message).toBe('Internal server error')
})

test('errors of GraphQL itself and those with a code pass as they are', () => {
  expect(format(badUserInput('first is -1')).formatted.message).toBe('first is -1')
  expect(format(new GraphQLError('Unknown field'), null).formatted.extensions).toEqual({ code: 'BAD_USER_INPUT' })
})

test("a result that does not fit its type is the API's fault, not the caller's", () => {
  const { formatted, onUnexpected } = format(new GraphQLError('Int cannot represent 1.5'))
  expect(formatted.message).toBe('Internal server error')
  expect(onUnexpected).toHaveBeenCalledOnce()
})
