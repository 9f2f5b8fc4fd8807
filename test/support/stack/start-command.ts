import { execFile } from 'node:child_process'
import { cp, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../../../scripts/lib/settings.mjs'
import { TEST_STACK } from '../../../scripts/lib/test-stack.mjs'
import { docker } from '../docker.ts'
import type { TestStack } from './stack.ts'

const execute = promisify(execFile)
const SERVICES = [
  'etcd1',
  'etcd2',
  'db1',
  'db2',
  'db3',
  'db4',
  'haproxy',
  'barman',
  'redis',
  'docker-proxy',
  'api',
  'worker',
]

/** How a program of scripts/ ended, with what it said. */
export interface ScriptEnd {
  readonly code: number
  readonly output: string
}

/** Runs a program of scripts/ for the stack of the tests, as `npm run` would; `settings` are in its environment. */
export async function runScript(
  script: string,
  args: readonly string[] = [],
  { root = ROOT, settings = TEST_STACK.settings }: { root?: string; settings?: Readonly<Record<string, string>> } = {},
): Promise<ScriptEnd> {
  const environment = { ...process.env, ...settings, CI: 'true' }
  try {
    const { stdout, stderr } = await execute(process.execPath, [join(root, 'scripts', script), ...args], {
      cwd: root,
      env: environment,
      maxBuffer: 64 * 1024 * 1024,
    })
    return { code: 0, output: `${stdout}${stderr}` }
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string }
    return { code: code ?? -1, output: `${stdout ?? ''}${stderr ?? ''}` }
  }
}

/** A second clone of this project, without `.env` and `secrets/`; its packages are those of this one. */
export async function secondClone(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (const path of [
    'scripts',
    'docker',
    'configs',
    'src',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    '.npmrc',
  ])
    await cp(join(ROOT, path), join(folder, path), { recursive: true, preserveTimestamps: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Id and start of each container of the stack: what does not change while nothing is touched. */
export async function containersOf({
  container,
}: TestStack): Promise<Record<string, { id: string; startedAt: string }>> {
  const format = '{{.Id}} {{.State.StartedAt}}'
  const lines = (await docker('inspect', '--format', format, ...SERVICES.map(container))).split('\n')
  return Object.fromEntries(
    SERVICES.map((service, index) => {
      const [id = '', startedAt = ''] = lines[index]?.split(' ') ?? []
      return [service, { id, startedAt }]
    }),
  )
}

/** Which of them are other containers than before. */
export function replaced(
  before: Readonly<Record<string, { id: string }>>,
  after: Readonly<Record<string, { id: string }>>,
): string[] {
  return Object.keys(before).filter((service) => before[service]?.id !== after[service]?.id)
}
