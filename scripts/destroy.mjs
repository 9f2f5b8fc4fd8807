// @ts-check
// npm run destroy [-- --yes]: removes the stack with all its data.
import { createInterface } from 'node:readline/promises'
import { hasFlag, viewForTerminal } from './lib/command-line.mjs'
import { composeFor } from './lib/compose.mjs'
import { dockerAnswers } from './lib/ensure-docker.mjs'
import { endSandboxes } from './lib/sandboxes.mjs'
import { openStack } from './lib/settings.mjs'
import { entryPoint, SetupError } from './lib/setup-error.mjs'

await entryPoint(async () => {
  const stack = await openStack()
  if (!(await dockerAnswers()))
    throw new SetupError('Docker does not answer.', { remedy: 'Start it: what is to be removed is there.' })
  if (!hasFlag('--yes')) await ask(stack.project)
  await viewForTerminal().step('destroy', async (step) => {
    const compose = await composeFor(stack)
    // They use the volumes, and the worker could make another one.
    await compose.run(['stop'], (line) => step.note(line.trim()))
    await endSandboxes(stack.project, 'remove')
    await compose.run(['down', '--volumes', '--remove-orphans'], (line) => step.note(line.trim()))
    return 'containers, networks and volumes removed'
  })
  console.log(`Left as they are: ${stack.envFile}, ${stack.secretsDir}, and the images.`)
})

/** @param {string} project */
async function ask(project) {
  const remedy = 'To remove it without being asked: npm run destroy -- --yes'
  if (!process.stdin.isTTY) throw new SetupError('Nothing was removed: there is no terminal to ask on.', { remedy })
  const line = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await line.question(
    `This removes the stack "${project}" with its databases AND its backups. Type its name to go on: `,
  )
  line.close()
  if (answer.trim() !== project) throw new SetupError('Nothing was removed.', { remedy })
}
