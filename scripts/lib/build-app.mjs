// @ts-check

import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fingerprint, stamp } from './fingerprint.mjs'
import { installFromLockfile } from './install-from-lockfile.mjs'
import { runCommand } from './run-command.mjs'
import { ROOT } from './settings.mjs'

const APP = join(ROOT, '.build/app')

/** Compiles src/ to dist/, when it changed. */
export async function buildDist() {
  const built = stamp(join(ROOT, '.build/dist.stamp'))
  const inputs = await fingerprint(ROOT, ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'])
  if ((await built.read()) === inputs && existsSync(join(ROOT, 'dist'))) return 'up to date'
  await built.write('')
  await rm(join(ROOT, 'dist'), { recursive: true, force: true })
  await runCommand(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--pretty', 'false'], {
    cwd: ROOT,
    what: 'The sources do not compile.',
  })
  await built.write(inputs)
  return 'compiled'
}

/**
 * The production dependencies of the image in .build/app, installed on the host: the build of the image then needs
 * neither a package registry nor the host's certificates.
 */
export async function buildAppDependencies() {
  const installed = stamp(join(ROOT, '.build/app-dependencies.stamp'))
  const inputs = await fingerprint(ROOT, ['package-lock.json', '.npmrc'], [process.version])
  if ((await installed.read()) === inputs && existsSync(join(APP, 'node_modules'))) return 'up to date'
  await installed.write('')
  await rm(APP, { recursive: true, force: true })
  await mkdir(APP, { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) await cp(join(ROOT, file), join(APP, file))
  await installFromLockfile(APP, ['--omit=dev', '--ignore-scripts', '--prefer-offline'])
  await installed.write(inputs)
  return 'installed'
}

/** Puts together what the image takes in. After `buildDist` and `buildAppDependencies`. */
export async function assembleApp() {
  // Only what matters at run time, so that a change of scripts or of development tools leaves the image's layers alone.
  const { name, version, type, dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  await writeFile(
    join(APP, 'package.json'),
    `${JSON.stringify({ name, version, private: true, type, dependencies }, null, 2)}\n`,
  )
  await rm(join(APP, 'dist'), { recursive: true, force: true })
  await cp(join(ROOT, 'dist'), join(APP, 'dist'), { recursive: true })
}
