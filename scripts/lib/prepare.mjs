// @ts-check
import { assembleApp, buildAppDependencies, buildDist } from './build-app.mjs'
import { buildChecksImage, buildHowdahImage, buildStackImages } from './build-images.mjs'
import { docker as realDocker } from './docker-command.mjs'
import { ensureBaseImage, makeBaseFolder, willNeedBaseFolder } from './ensure-base-image.mjs'
import { ensureDependencies } from './ensure-dependencies.mjs'
import { dockerAnswers, ensureCompose, ensureDocker } from './ensure-docker.mjs'
import { ensureSecrets } from './ensure-secrets.mjs'
import { ensureTokens } from './ensure-tokens.mjs'
import { refuseWithoutSecrets } from './fitting-secrets.mjs'
import { missingSecrets } from './secret-files.mjs'
import { openStack, ROOT, setting } from './settings.mjs'
import { SetupError } from './setup-error.mjs'

/** @typedef {import('./steps-view.mjs').StepsView} StepsView */

/**
 * @typedef {Parameters<typeof openStack>[0] & { adopts?: boolean }} Which `adopts`: missing secrets are made even where data is there, which
 *   then gets them, or is removed.
 */

/**
 * @typedef {object} Preparing
 * @property {Promise<unknown>} dependencies The npm packages.
 * @property {Promise<unknown>} dist The sources, compiled.
 * @property {Promise<import('./settings.mjs').Stack>} stack All of it.
 */

/**
 * Everything that a stack needs before it can be started, from a bare machine on. What is there already is left as it is.
 * @param {StepsView} view
 * @param {Which} [which]
 */
export async function prepare(view, which) {
  return (await beginPreparing(view, which)).stack
}

/**
 * The same, for who has use for a part of it: what does not depend on each other runs side by side.
 * @param {StepsView} view
 * @param {Which} [which]
 * @returns {Promise<Preparing>}
 */
export async function beginPreparing(view, which) {
  const dependencies = view.step('npm packages', () => ensureDependencies(ROOT))
  // Reading the settings takes one of them.
  const blank = dependencies.then(() => openStack(which))
  // Before anything is made, where Docker can already say whether there is data; else once it runs.
  const allowed = blank.then(async (opened) => {
    if (which?.adopts !== true && (await dockerAnswers())) await refuseWithoutSecrets(opened, realDocker)
  })
  const suite = Promise.all([blank, allowed]).then(([{ settings }]) => setting(settings, 'SUITE'))

  const files = Promise.all([suite, willNeedBaseFolder()]).then(([named, needed]) =>
    needed ? view.step('base files', (step) => makeBaseFolder(named, step)) : null,
  )
  const docker = view.step('Docker', async (step) => {
    const said = await ensureDocker(step)
    await ensureCompose()
    return said
  })
  const secrets = Promise.all([blank, docker]).then(([opened]) =>
    view.step('secrets', async () => {
      // Those of data that is there are not made again.
      if (which?.adopts !== true) await refuseWithoutSecrets(opened, realDocker)
      await ensureSecrets(opened)
      await ensureTokens(opened.secretsDir)
      return opened.secretsDir
    }),
  )
  // The settings may not have been there before.
  const stack = secrets.then(async () => {
    const opened = await openStack(which)
    const missing = await missingSecrets(opened)
    if (missing.length === 0) return opened
    throw new SetupError(`A secret could not be made: ${missing.join(', ')}.`, {
      remedy: 'Give it a value, or remove its line or its empty file: then it is made.',
    })
  })

  const base = Promise.all([suite, docker, files]).then(([named, , folder]) =>
    view.step('base image', (step) => ensureBaseImage(named, folder, step)),
  )
  const images = Promise.all([stack, base]).then(([opened]) =>
    view.step('images', (step) => buildStackImages(opened, step)),
  )
  const dist = allowed.then(() => view.step('build', buildDist))
  const packages = allowed.then(() => view.step('image packages', buildAppDependencies))
  const howdah = Promise.all([stack, base, dist, packages]).then(([opened]) =>
    view.step('Howdah image', async (step) => {
      await assembleApp()
      return buildHowdahImage(opened, step)
    }),
  )
  return {
    dependencies,
    dist,
    stack: allOf([docker, files, secrets, base, packages, images, howdah]).then(() => stack),
  }
}

/**
 * All of them end before a failure is reported: nothing is left running after the message.
 * @param {readonly Promise<unknown>[]} parts
 */
export async function allOf(parts) {
  for (const ended of await Promise.allSettled(parts)) if (ended.status === 'rejected') throw ended.reason
}

/**
 * The image in which the programs of the containers are checked, from a bare machine on.
 * @param {StepsView} view
 * @returns {Promise<string>} Its name.
 */
export async function prepareChecks(view) {
  // The settings' own defaults do: nothing of a stack is started.
  const stack = await openStack()
  await view.step('Docker', ensureDocker)
  await view.step('base image', (step) => ensureBaseImage(setting(stack.settings, 'SUITE'), null, step))
  return view.step('checks image', (step) => buildChecksImage(stack, step))
}
