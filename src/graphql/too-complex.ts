import { GraphQLError } from 'graphql'

/** A document that asks for more than a limit of `limits` in configs/howdah.yml allows. */
export function tooComplex(
  message: string,
  { limit, found }: { limit: number | null; found: number | null },
): GraphQLError {
  const remedy =
    'Ask for fewer rows (first, last) or fields, in several requests; or raise it under `limits` in configs/howdah.yml.'
  return new GraphQLError(message, {
    extensions: { code: 'QUERY_TOO_COMPLEX', limit, found, remedy, retryable: false },
  })
}
