import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stackSetting } from './sql.ts'
import type { StackFacts } from './stack.ts'

/** Every secret of the stack, as it must appear nowhere: passwords, tokens, and the inner lines of private keys. */
export async function readSecrets({ secretsDir, envFile, tokens }: StackFacts): Promise<string[]> {
  const secrets: string[] = Object.values(tokens)
  for (const name of ['PATRONI_REPLICATOR_PASSWORD', 'PATRONI_POSTGRESS_PASSWORD']) {
    secrets.push(await stackSetting(envFile, name))
  }
  for (const entry of await readdir(secretsDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'tokens.json') continue
    const text = await readFile(join(entry.parentPath, entry.name), 'utf8')
    if (entry.name.endsWith('_password')) secrets.push(text.trim())
    if (text.includes('PRIVATE KEY')) secrets.push(text.split('\n')[2] ?? '')
  }
  return secrets.filter((secret) => secret !== '')
}
