// @ts-check
// npm run --silent setting NAME: prints that setting of .env as the stack reads it, and nothing else.
import { openStack } from './lib/settings.mjs'
import { entryPoint, SetupError } from './lib/setup-error.mjs'

await entryPoint(async () => {
  const [, , wanted = ''] = process.argv
  const { settings } = await openStack()
  const value = settings[wanted]
  if (value === undefined)
    throw new SetupError(`There is no setting "${wanted}".`, { remedy: 'All of them: docs/CONFIGURATION.md' })
  console.log(value)
})
