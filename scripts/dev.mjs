// @ts-check
// npm run dev: API and worker from the sources on this machine, against the running stack; restarted on every change.
// DEV_API_PORT (4001) and DEV_WORKER_PORT (4002, its health) choose other ports.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildDist } from './lib/build-app.mjs'
import { viewForTerminal } from './lib/command-line.mjs'
import { composeFor } from './lib/compose.mjs'
import { writeDevConfiguration, writeDevSecrets } from './lib/dev-files.mjs'
import { ensureDependencies } from './lib/ensure-dependencies.mjs'
import { isRunning, readServices } from './lib/services.mjs'
import { openStack, ROOT, setting } from './lib/settings.mjs'
import { entryPoint, SetupError } from './lib/setup-error.mjs'

const apiPort = process.env['DEV_API_PORT'] ?? '4001'
const workerPort = process.env['DEV_WORKER_PORT'] ?? '4002'

await entryPoint(async () => {
  const view = viewForTerminal()
  await view.step('npm packages', () => ensureDependencies(ROOT))
  const stack = await openStack()
  if (!(await readServices(stack.project)).some(isRunning)) {
    throw new SetupError('The stack does not run.', { remedy: 'Start it: npm start' })
  }
  await view.step('build', buildDist)
  const environment = {
    ...process.env,
    ...stack.settings,
    HOWDAH_CONFIG: await writeDevConfiguration(stack, apiPort),
    HOWDAH_SECRETS: await writeDevSecrets(stack),
    HOST_SOCKETS: '/proc/self/net',
    DOCKER_ENDPOINT: `unix://${setting(stack.settings, 'DOCKER_SOCKET')}`,
    WORKER_HEALTH_PORT: workerPort,
  }
  const compose = await composeFor(stack)
  // Two workers would share the operations between them, and only one of them runs what you are changing.
  await view.step("the stack's worker", async () => {
    await compose.run(['stop', 'worker'])
    return 'stopped until this ends'
  })
  console.log(`\n  GraphQL  http://localhost:${apiPort}/graphql\n  Ctrl-C ends it.\n`)
  try {
    await untilStopped(
      [
        [join(ROOT, 'node_modules/.bin/tsc'), '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'],
        [process.execPath, '--watch', '--enable-source-maps', 'dist/bin/api.js'],
        [process.execPath, '--watch', '--enable-source-maps', 'dist/bin/worker.js'],
      ],
      environment,
    )
  } finally {
    await view.step("the stack's worker", async () => {
      await compose.run(['start', 'worker'])
      return 'started again'
    })
  }
})

/**
 * Runs the programs together until we are stopped or one of them ends; then stops all of them.
 * @param {readonly (readonly [string, ...string[]])[]} commands
 * @param {NodeJS.ProcessEnv} env
 */
async function untilStopped(commands, env) {
  const children = commands.map(([program, ...args]) =>
    spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] }),
  )
  const ended = children.map((child) => new Promise((resolve) => child.once('close', resolve)))
  const stopped = new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await Promise.race([stopped, ...ended])
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(ended)
}
