// @ts-check
// npm run destroy [-- --yes]: removes the stack with all its data.
import { hasFlag, viewForTerminal } from './lib/command-line.mjs'
import { composeFor } from './lib/compose.mjs'
import { confirmProject } from './lib/confirm-project.mjs'
import { docker } from './lib/docker-command.mjs'
import { dockerAnswers } from './lib/ensure-docker.mjs'
import { endSandboxes } from './lib/sandboxes.mjs'
import { removeMark } from './lib/secrets-mark.mjs'
import { openStack } from './lib/settings.mjs'
import { entryPoint, SetupError } from './lib/setup-error.mjs'

await entryPoint(async () => {
  const stack = await openStack()
  if (!(await dockerAnswers()))
    throw new SetupError('Docker does not answer.', { remedy: 'Start it: what is to be removed is there.' })
  if (!hasFlag('--yes')) {
    await confirmProject(stack.project, {
      question: `This removes the stack "${stack.project}" with its databases AND its backups.`,
      declined: 'Nothing was removed.',
      remedy: 'To remove it without being asked: npm run destroy -- --yes',
    })
  }
  await viewForTerminal().step('destroy', async (step) => {
    const compose = await composeFor(stack)
    // They use the volumes, and the worker could make another one.
    await compose.run(['stop'], (line) => step.note(line.trim()))
    await endSandboxes(stack.project, 'remove')
    await compose.run(['down', '--volumes', '--remove-orphans'], (line) => step.note(line.trim()))
    await removeMark(stack.project, docker)
    return 'containers, networks and volumes removed'
  })
  console.log(`Left as they are: ${stack.envFile}, ${stack.secretsDir}, and the images.`)
})
