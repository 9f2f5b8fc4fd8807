// @ts-check
// npm stop: stops the stack. Its data stays.
import { viewForTerminal } from './lib/command-line.mjs'
import { composeFor } from './lib/compose.mjs'
import { dockerAnswers } from './lib/ensure-docker.mjs'
import { endSandboxes } from './lib/sandboxes.mjs'
import { isRunning, readServices } from './lib/services.mjs'
import { openStack } from './lib/settings.mjs'
import { entryPoint } from './lib/setup-error.mjs'

await entryPoint(async () => {
  const stack = await openStack()
  if (!(await dockerAnswers())) return console.log('Docker does not answer: nothing of the stack runs.')
  const running = (await readServices(stack.project)).filter(isRunning)
  if (running.length === 0) return console.log('Nothing of the stack runs.')
  await viewForTerminal().step('stop', async (step) => {
    await (await composeFor(stack)).run(['stop'], (line) => step.note(line.trim()))
    // After the worker, which could make another one.
    await endSandboxes(stack.project, 'stop')
    return `${running.length} services; data kept, npm start goes on with it`
  })
})
