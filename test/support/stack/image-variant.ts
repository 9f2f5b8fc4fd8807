import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { composeFor } from '../../../scripts/lib/compose.mjs'
import { openStack } from '../../../scripts/lib/settings.mjs'
import { TEST_STACK_FILES } from '../../../scripts/lib/test-stack.mjs'
import { docker } from '../docker.ts'

export const imageId = (image: string) => docker('image', 'inspect', '--format', '{{.Id}}', image)

/** The image with one label more, under the same name; answers its id. */
async function buildVariant(image: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'howdah-test-'))
  try {
    await writeFile(join(folder, 'Dockerfile'), `FROM ${image}\nLABEL howdah.test=variant\n`)
    await docker('build', '--tag', image, folder)
    return await imageId(image)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * Makes a service run an image that its next build differs from. Answers the names and ids, and what puts the image's own
 * build back under its name.
 */
export async function runVariant(container: string, service: string) {
  const image = await docker('inspect', '--format', '{{.Config.Image}}', container)
  const built = await imageId(image)
  const variant = await buildVariant(image)
  const compose = await composeFor(await openStack(TEST_STACK_FILES))
  await compose.run(['up', '-d', '--no-build', '--no-deps', '--force-recreate', service])
  return {
    image,
    variant,
    async restore() {
      if ((await imageId(image)) === variant) await docker('tag', built, image)
      // Not where the container still runs it.
      await docker('image', 'rm', variant).catch(() => {})
    },
  }
}
