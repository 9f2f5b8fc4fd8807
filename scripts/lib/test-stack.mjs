// @ts-check
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { docker } from './docker-command.mjs'
import { tryCommand } from './run-command.mjs'
import { endSandboxes } from './sandboxes.mjs'
import { removeMark } from './secrets-mark.mjs'
import { ROOT } from './settings.mjs'
import { startStack } from './start-stack.mjs'

/**
 * The stack of the tests: complete, and apart from the user's in everything but the images. Its ports lie below those
 * that Linux hands out to outgoing connections.
 */
export const TEST_STACK = {
  project: 'howdah-test',
  envFile: join(ROOT, '.build/test-stack/.env'),
  /** @type {Record<string, string>} */
  settings: {
    COMPOSE_PROJECT_NAME: 'howdah-test',
    CONTAINER_PREFIX: 'howdah-test-',
    NETWORK_SUBNET: '172.28.0.0/16',
    BIND_ADDRESS: '127.0.0.1',
    STACK_ENV_FILE: '../.build/test-stack/.env',
    SECRETS_DIR: '../.build/test-stack/secrets',
    PATRONI_SCOPE: 'patroni',
    BARMAN_SERVER: '',
    // As fast as Patroni allows: what the tests wait for most is that it notices.
    PATRONI_TTL: '20',
    PATRONI_LOOP_WAIT: '2',
    PATRONI_RETRY_TIMEOUT: '5',
    // Nor does an outage of etcd last long there.
    LOCK_PATIENCE_SECONDS: '20',
    // A test has what it asks for, whatever time it is.
    SCHEDULES: 'false',
    API_PORT: '24000',
    HAPROXY_PORT: '25000',
    HAPROXY_READONLY_PORT: '25001',
    HAPROXY_STATS_PORT: '28404',
    BARMAN_POSTGRES_PORT: '24320',
    ETCD1_CLIENT_PORT: '23991',
    ETCD1_PEER_PORT: '24001',
    ETCD2_CLIENT_PORT: '23992',
    ETCD2_PEER_PORT: '24002',
    DB1_POSTGRES_PORT: '25431',
    DB1_REST_PORT: '28001',
    DB1_RECOVERY_PORT: '24321',
    DB2_POSTGRES_PORT: '25432',
    DB2_REST_PORT: '28002',
    DB2_RECOVERY_PORT: '24322',
    DB3_POSTGRES_PORT: '25433',
    DB3_REST_PORT: '28003',
    DB3_RECOVERY_PORT: '24323',
    DB4_POSTGRES_PORT: '25434',
    DB4_REST_PORT: '28004',
    DB4_RECOVERY_PORT: '24324',
  },
}

/** Which stack `prepare` makes ready: its own settings, and nothing of the caller's environment. */
export const TEST_STACK_FILES = { envFile: TEST_STACK.envFile, environment: TEST_STACK.settings, adopts: true }

/** Whether the stack is kept when the tests have ended, and taken over the next time. */
export const keepsTestStack = () => Boolean(process.env['HOWDAH_KEEP_STACK'])

/**
 * A new one, or the one that was kept. Its images are there.
 * @param {import('./settings.mjs').Stack} stack
 * @param {import('./steps-view.mjs').StepsView} view
 */
export async function startTestStack(stack, view) {
  await writeTestSettings()
  if (!keepsTestStack()) await removeTestStack()
  await startStack(stack, view)
}

/** Puts the settings into its .env as well, so that Compose by hand means the same stack. */
export async function writeTestSettings() {
  const text = await readFile(TEST_STACK.envFile, 'utf8')
  const lines = text.split('\n').map((line) => {
    const name = line.split('=')[0] ?? ''
    return name in TEST_STACK.settings ? `${name}=${TEST_STACK.settings[name]}` : line
  })
  await writeFile(TEST_STACK.envFile, lines.join('\n'), { mode: 0o600 })
}

/** Removes every container, network and volume of the test stack, whatever state an earlier run left them in. */
export async function removeTestStack() {
  await removeAll(['ps', '-aq'], ['rm', '--force', '--volumes'])
  // After the worker, which could make another one; before the volumes that they use.
  await endSandboxes(TEST_STACK.project, 'remove')
  await removeAll(['network', 'ls', '-q'], ['network', 'rm'])
  await removeAll(['volume', 'ls', '-q'], ['volume', 'rm', '--force'])
  await removeMark(TEST_STACK.project, docker)
}

/**
 * @param {readonly string[]} list
 * @param {readonly string[]} remove
 */
async function removeAll(list, remove) {
  const label = `label=com.docker.compose.project=${TEST_STACK.project}`
  const { stdout } = await tryCommand('docker', [...list, '--filter', label])
  const found = stdout.split('\n').filter((id) => id !== '')
  if (found.length > 0) await tryCommand('docker', [...remove, ...found])
}
