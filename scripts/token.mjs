// @ts-check
// npm run --silent token admin|operator|viewer: prints that token and nothing else.
import { findToken } from './lib/ensure-tokens.mjs'
import { openStack } from './lib/settings.mjs'
import { entryPoint, SetupError } from './lib/setup-error.mjs'

await entryPoint(async () => {
  const [, , wanted] = process.argv
  if (wanted === undefined)
    throw new SetupError('Which token?', { remedy: 'npm run --silent token admin|operator|viewer' })
  const { secretsDir } = await openStack()
  console.log(await findToken(secretsDir, wanted))
})
