// @ts-check
// npm run build: compiles src/ to dist/, when it changed.

import { buildDist } from './lib/build-app.mjs'
import { viewForTerminal } from './lib/command-line.mjs'
import { ensureDependencies } from './lib/ensure-dependencies.mjs'
import { ROOT } from './lib/settings.mjs'
import { entryPoint } from './lib/setup-error.mjs'

await entryPoint(async () => {
  await ensureDependencies(ROOT)
  await viewForTerminal(true).step('build', buildDist)
})
