import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'

/** A Compose of this machine. `config` needs no daemon. */
export interface ComposeClient {
  readonly command: readonly [string, ...string[]]
  /** 1: docker-compose 1.x, in Python. 2: Compose 2 and later, in Go. */
  readonly generation: 1 | 2
}

/** Each Compose that is installed here. */
export function composeClients(): ComposeClient[] {
  const commands: [string, ...string[]][] = [['docker', 'compose'], ['docker-compose']]
  return commands.flatMap((command) => {
    const [program, ...first] = command
    const { status, stdout } = spawnSync(program, [...first, 'version', '--short'], { encoding: 'utf8' })
    const major = /^v?(\d+)\./.exec(stdout ?? '')?.[1]
    return status === 0 && major !== undefined ? [{ command, generation: major === '1' ? 1 : 2 }] : []
  })
}

/**
 * What Compose reads from an environment file: the value of each name, those without one left out; null where it refuses
 * the file. `environment` is all that it finds around it.
 */
export function readWithCompose(
  { command: [program, ...first], generation }: ComposeClient,
  text: string,
  names: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Record<string, string> | null {
  const folder = mkdtempSync(join(tmpdir(), 'howdah-compose-'))
  try {
    const values = names.map((name) => `      ${JSON.stringify(name)}: "\${${name}-<none>}"\n`)
    writeFileSync(join(folder, 'compose.yml'), `services:\n  s:\n    image: x\n    environment:\n${values.join('')}`)
    writeFileSync(join(folder, 'file'), text)
    const args = [
      ...first,
      '-p',
      'x',
      '--env-file',
      'file',
      '-f',
      'compose.yml',
      'config',
      ...(generation === 1 ? [] : ['--format', 'json']),
    ]
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment }
    const { status, stdout } = spawnSync(program, args, { cwd: folder, env, encoding: 'utf8' })
    if (status !== 0) return null
    const read: Record<string, string> = parse(stdout).services.s.environment
    // What `config` prints is a compose file again, where a dollar sign is doubled.
    const found = Object.entries(read).filter(([, value]) => value !== '<none>')
    return Object.fromEntries(found.map(([name, value]) => [name, value.replaceAll('$$', '$')]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
