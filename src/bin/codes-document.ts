import { ERROR_CODES } from '../domain/error-codes.ts'
import { REFUSAL_CODES } from '../domain/refusal-codes.ts'

/** docs/operations/CODES.md. */
export function codesDocument(): string {
  return `# Codes

Made of [src/domain/refusal-codes.ts](../../src/domain/refusal-codes.ts) and [src/domain/error-codes.ts](../../src/domain/error-codes.ts) by \`npm run schema\`. What each kind refuses, and what to do about an error: the [page of its capability](README.md). Clients go by a code; its message and remedy are for people and may change.

## Refusals

Nothing has happened: the answer to a mutation has them in \`refusals\`. A check that is made again when the work starts ends the operation with the same code.

${table(REFUSAL_CODES)}

## Errors

In \`operation.error\`, or in \`extensions.code\` of a GraphQL error.

${table(ERROR_CODES)}
`
}

function table(codes: Readonly<Record<string, string>>): string {
  const rows = Object.entries(codes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
  return ['| code | meaning |', '|---|---|', ...rows].join('\n')
}
