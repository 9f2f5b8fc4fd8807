// @ts-check
// npm run bench [-- name...]: the measurements of test/bench against the running stack. They print, and assert nothing.
// Each test/bench/*.bench.ts is a program; it finds the stack in HOWDAH_API_URL, HOWDAH_TOKEN, HOWDAH_CONTAINER_PREFIX,
// HOWDAH_HAPROXY_PORT and HOWDAH_SECRETS_DIR.
import { spawn } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { viewForTerminal } from './lib/command-line.mjs'
import { ensureDependencies } from './lib/ensure-dependencies.mjs'
import { findToken } from './lib/ensure-tokens.mjs'
import { runCommand } from './lib/run-command.mjs'
import { apiUrl, openStack, ROOT, setting } from './lib/settings.mjs'
import { entryPoint, SetupError } from './lib/setup-error.mjs'
import { readMissing } from './lib/stack-readiness.mjs'

const SOURCES = join(ROOT, 'test/bench')
const BUILT = join(ROOT, '.build/bench')

await entryPoint(async () => {
  const wanted = process.argv.slice(2).filter((argument) => argument !== '--')
  const view = viewForTerminal()
  const stack = await openStack()
  await view.step('npm packages', () => ensureDependencies(ROOT))
  await view.step('build', compile)
  const token = await findToken(stack.secretsDir, 'admin')
  await view.step('stack', async () => {
    const missing = await readMissing(stack, token)
    if (missing.length === 0) return apiUrl(stack)
    throw new SetupError(`The stack is not ready: waiting for ${missing.map(({ what }) => what).join(', ')}.`, {
      remedy: 'npm start',
    })
  })
  const names = (await readdir(SOURCES)).filter((name) => name.endsWith('.bench.ts')).sort()
  const chosen = names.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  if (chosen.length === 0)
    throw new SetupError(`There is no such measurement.`, { remedy: `There are: ${names.join(', ')}` })
  const env = {
    ...process.env,
    HOWDAH_API_URL: apiUrl(stack),
    HOWDAH_TOKEN: token,
    HOWDAH_CONTAINER_PREFIX: setting(stack.settings, 'CONTAINER_PREFIX'),
    HOWDAH_HAPROXY_PORT: setting(stack.settings, 'HAPROXY_PORT'),
    HOWDAH_SECRETS_DIR: stack.secretsDir,
  }
  for (const name of chosen) {
    console.log(`\n── ${name.replace('.bench.ts', '')} ──`)
    const code = await measure(join(BUILT, 'test/bench', name.replace(/\.ts$/, '.js')), env)
    if (code !== 0) process.exitCode = 1
  }
})

async function compile() {
  const project = join(ROOT, '.build/tsconfig.bench.json')
  const compilerOptions = {
    noEmit: false,
    allowJs: false,
    checkJs: false,
    rootDir: '..',
    outDir: './bench',
    sourceMap: true,
  }
  await mkdir(join(ROOT, '.build'), { recursive: true })
  await writeFile(project, JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: ['../test/bench'] }))
  await runCommand(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project, '--pretty', 'false'], {
    cwd: ROOT,
    what: 'test/bench does not compile.',
  })
}

/**
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>}
 */
function measure(file, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', '--expose-gc', file], {
      cwd: ROOT,
      env,
      stdio: 'inherit',
    })
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
