// @ts-check
import { join } from 'node:path'
import { composeFor } from './compose.mjs'
import { fingerprint, stamp } from './fingerprint.mjs'
import { runCommand, tryCommand } from './run-command.mjs'
import { ROOT, setting } from './settings.mjs'

/** @typedef {import('./settings.mjs').Stack} Stack */

/** What a node and Barman run of our own. */
const AGENT = ['docker/agent/bin', 'docker/agent/howdah']
/**
 * Images by the service whose build makes them. Those of one lane share layers, which the builder that comes without
 * BuildKit cannot share between builds that run at once.
 */
const FIRST = { service: 'haproxy', image: 'haproxy', inputs: ['docker/images/haproxy'] }
const LANES = [
  [
    { service: 'db1', image: 'postgres', inputs: ['docker/images/postgres', ...AGENT] },
    { service: 'barman', image: 'barman', inputs: ['docker/images/barman', ...AGENT] },
  ],
  [
    { service: 'etcd1', image: 'etcd', inputs: [] },
    { service: 'redis', image: 'redis', inputs: ['docker/images/redis'] },
  ],
]
const COMMON = ['docker/Dockerfile', 'docker/images/base', 'docker/agent/bin/howdah-reach']

const CHECKS = 'docker/images/checks'

/** @typedef {typeof FIRST} Image */

/**
 * The images of everything but Howdah itself, those whose inputs changed.
 * @param {Stack} stack
 * @param {{ note: (text: string) => void }} step
 */
export async function buildStackImages(stack, step) {
  const builder = await builderFor(stack)
  const done = [await builder(FIRST, COMMON, step)]
  await Promise.all(
    LANES.map(async (lane) => {
      for (const image of lane) done.push(await builder(image, COMMON, step))
    }),
  )
  return summary(done)
}

/**
 * The image of API and worker, from .build/app.
 * @param {Stack} stack
 * @param {{ note: (text: string) => void }} step
 */
export async function buildHowdahImage(stack, step) {
  const builder = await builderFor(stack)
  const image = {
    service: 'api',
    image: 'howdah',
    inputs: [
      'docker/images/howdah',
      'docker/images/base',
      'docker/agent/bin/howdah-reach',
      'dist',
      'package-lock.json',
    ],
  }
  return summary([await builder(image, [], step)])
}

/**
 * The image that checks what runs in the others. It is in no compose file, because nothing of the stack runs in it, and in a
 * Dockerfile of its own, because the builder that comes without BuildKit builds every stage up to the one it is asked for.
 * @param {Stack} stack
 * @param {{ note: (text: string) => void }} step
 * @returns {Promise<string>} Its name.
 */
export async function buildChecksImage(stack, { note }) {
  const suite = setting(stack.settings, 'SUITE')
  const name = `${setting(stack.settings, 'IMAGE_PREFIX')}/checks:${suite}`
  const made = stampOf(name)
  const wanted = await fingerprint(ROOT, [CHECKS], [await imageId(`debian:${suite}-slim`), suite])
  if ((await made.read()) === `${wanted} ${await imageId(name)}`) return name
  const args = ['build', '--network', 'host', '--build-arg', `SUITE=${suite}`, '--tag', name, CHECKS]
  await runCommand('docker', args, {
    what: `The image ${name} could not be built.`,
    remedy: "Are Debian's mirrors reachable?",
    cwd: ROOT,
    onLine: (line) => note(line.trim()),
  })
  await made.write(`${wanted} ${await imageId(name)}`)
  return name
}

/** @param {readonly string[]} built */
const summary = (built) => {
  const names = built.filter((name) => name !== '')
  return names.length === 0 ? 'up to date' : `built ${names.join(', ')}`
}

/** @param {Stack} stack */
async function builderFor(stack) {
  const compose = await composeFor(stack)
  const suite = setting(stack.settings, 'SUITE')
  const base = await imageId(`debian:${suite}-slim`)
  const values = [base, suite, setting(stack.settings, 'PG_MAJOR')]

  /**
   * @param {Image} image
   * @param {readonly string[]} common
   * @param {{ note: (text: string) => void }} step
   * @returns {Promise<string>} The image's name if it was built, else nothing.
   */
  return async ({ service, image, inputs }, common, { note }) => {
    const name = `${setting(stack.settings, 'IMAGE_PREFIX')}/${image}:${suite}`
    const made = stampOf(name)
    const wanted = await fingerprint(ROOT, [...common, ...inputs], values)
    if ((await made.read()) === `${wanted} ${await imageId(name)}`) return ''
    await compose.run(['build', service], (line) => note(`${image}: ${line.trim()}`))
    await made.write(`${wanted} ${await imageId(name)}`)
    return image
  }
}

/** @param {string} name */
const stampOf = (name) => stamp(join(ROOT, '.build/images', `${name.replaceAll(/[/:]/g, '_')}.stamp`))

/** @param {string} name */
async function imageId(name) {
  const { code, stdout } = await tryCommand('docker', ['image', 'inspect', '--format', '{{.Id}}', name])
  return code === 0 ? stdout : 'none'
}
