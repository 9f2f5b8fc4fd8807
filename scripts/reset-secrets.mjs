// @ts-check
// npm run secrets:reset [-- --yes]: for data whose secrets are lost. Makes those that are missing, sets the passwords of this folder on the data, and
// starts the stack with them. It deletes no data.

import { adoptData, checkAdoptable, forgetDerivedKeys } from './lib/adopt-data.mjs'
import { hasFlag, viewForTerminal } from './lib/command-line.mjs'
import { confirmProject } from './lib/confirm-project.mjs'
import { docker } from './lib/docker-command.mjs'
import { ensureDependencies } from './lib/ensure-dependencies.mjs'
import { dockerAnswers } from './lib/ensure-docker.mjs'
import { prepare } from './lib/prepare.mjs'
import { openStack, ROOT } from './lib/settings.mjs'
import { entryPoint, SetupError } from './lib/setup-error.mjs'

await entryPoint(async () => {
  const view = viewForTerminal()
  await view.step('npm packages', () => ensureDependencies(ROOT))
  const before = await openStack()
  if (!(await dockerAnswers()))
    throw new SetupError('Docker does not answer.', { remedy: 'Start it: npm start does so too.' })
  await checkAdoptable(before, docker)
  if (!hasFlag('--yes')) {
    await confirmProject(before.project, {
      question: `This sets new passwords on the data of "${before.project}" and makes its containers again; applications that connect with old ones are refused.`,
      declined: 'Nothing was changed.',
      remedy: 'To do it without being asked: npm run secrets:reset -- --yes',
    })
  }
  await forgetDerivedKeys(before.secretsDir)
  const stack = await prepare(view, { adopts: true })
  await adoptData(stack, view, { docker, verbose: hasFlag('--verbose') })
  console.log(
    `\nThe stack runs with the secrets of ${stack.envFile} and ${stack.secretsDir}. Keep a copy of both with your backups.`,
  )
})
