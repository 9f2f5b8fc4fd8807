// @ts-check
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { installPackages } from './apt.mjs'
import { isInstalled, runCommand } from './run-command.mjs'
import { ROOT } from './settings.mjs'

/**
 * Settings, passwords and SSH keys: what is missing is made, nothing is ever overwritten.
 * @param {{ envFile: string, secretsDir: string }} stack
 */
export async function ensureSecrets({ envFile, secretsDir }) {
  if (!(await isInstalled('ssh-keygen'))) await installPackages(['openssh-client'], { forWhat: 'ssh-keygen' })
  await mkdir(dirname(envFile), { recursive: true })
  await runCommand('bash', [join(ROOT, 'docker/setup/generate-secrets.sh'), ROOT, envFile, secretsDir], {
    what: 'The secrets could not be generated.',
  })
}
