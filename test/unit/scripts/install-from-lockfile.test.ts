import { expect, it } from 'vitest'
import { lacksOnlyForeignBinaries } from '../../../scripts/lib/install-from-lockfile.mjs'

const missing = (what: string) => `npm error Missing: ${what} from lock file`

it.each([
  [
    'binaries that the registry does not have',
    [missing('@scope/cli-darwin-arm64@'), missing('@scope/cli-win32@')],
    true,
  ],
  [
    'a package that was added without a new lockfile',
    [missing('@scope/cli-darwin-arm64@'), missing('zod@4.6.7')],
    false,
  ],
  ['another version', ["npm error Invalid: lock file's zod@4.6.6 does not satisfy zod@4.6.7"], false],
  ['a registry that is away', ['npm error network ECONNREFUSED'], false],
])('tells %s', (_, lines, expected) => {
  expect(lacksOnlyForeignBinaries(['npm error code EUSAGE', ...lines].join('\n'))).toBe(expected)
})
