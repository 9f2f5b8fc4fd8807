import { composeFor } from '../../scripts/lib/compose.mjs'
import { openStack } from '../../scripts/lib/settings.mjs'
import { TEST_STACK, TEST_STACK_FILES } from '../../scripts/lib/test-stack.mjs'
import { docker } from './docker.ts'
import { waitFor } from './wait-for.ts'

export interface SecondWorker {
  readonly container: string
  remove(): Promise<void>
}

/** Another worker of the same stack, beside the first. */
export async function startSecondWorker(): Promise<SecondWorker> {
  const container = `${TEST_STACK.settings['CONTAINER_PREFIX']}worker-2`
  await docker('rm', '--force', container).catch(() => '')
  const compose = await composeFor(await openStack(TEST_STACK_FILES))
  await compose.run(['run', '-d', '--no-deps', '--name', container, 'worker'])
  await waitFor('the second worker to be ready', async () =>
    (await docker('logs', container)).includes('worker is ready'),
  )
  return { container, remove: async () => void (await docker('rm', '--force', container)) }
}
