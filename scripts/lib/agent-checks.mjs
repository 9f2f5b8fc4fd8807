// @ts-check
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where programs lie that no other check looks at: in images, started by hand, and run by CI. */
const FOLDERS = ['.ci', 'docker', 'scripts']
const AGENT = 'docker/agent'
const MONITORING = 'configs/monitoring'
const RULES = 'howdah.rules.yml'
/** The second is of what takes days: it looks less often. */
const ALERT_TESTS = ['howdah.rules.test.yml', 'howdah.slow.rules.test.yml']

/**
 * The checks of what runs inside the containers: Python types, style and tests in the images' own Python, and shell; and of what Prometheus is
 * given, with its own tool.
 * @param {string} root
 * @param {string} image See docker/images/checks.
 * @returns {Promise<{ name: string, command: string[] }[]>}
 */
export async function agentChecks(root, image) {
  const programs = await programsIn(root)
  const python = programs.filter(({ kind }) => kind === 'python').map(({ file }) => file)
  const shell = programs.filter(({ kind }) => kind === 'shell').map(({ file }) => file)
  // Nothing is written: the files are the user's, and root's in the container.
  const within = (/** @type {string} */ folder, /** @type {readonly string[]} */ command) => [
    ...['docker', 'run', '--rm', '--network', 'none', '--init', '--volume', `${root}:/howdah:ro`],
    ...['--workdir', `/howdah/${folder}`, image, ...command],
  ]
  const own = python.filter((file) => file.startsWith(`${AGENT}/`)).map((file) => file.slice(AGENT.length + 1))
  return [
    { name: 'python types', command: within(AGENT, ['mypy']) },
    { name: 'python lint', command: within(AGENT, ['flake8', '.', ...own]) },
    { name: 'python style', command: within(AGENT, ['black', '--check', '--quiet', '--diff', '.', ...own]) },
    { name: 'python tests', command: within(AGENT, ['python3', '-m', 'unittest', 'discover']) },
    { name: 'shell', command: within('.', ['shellcheck', ...shell]) },
    {
      name: 'alert rules',
      command: within(MONITORING, ['promtool', 'check', 'rules', '--lint=all', '--lint-fatal', RULES]),
    },
    { name: 'alerts', command: within('test/monitoring', ['promtool', 'test', 'rules', ...ALERT_TESTS]) },
    {
      name: 'scraping',
      command: within(MONITORING, ['promtool', 'check', 'config', '--syntax-only', 'prometheus.yml']),
    },
  ]
}

/**
 * What a file is run by: its ending says it, or its first line.
 * @param {string} file
 * @param {string} text
 * @returns {'python' | 'shell' | null}
 */
export function kindOfProgram(file, text) {
  const first = text.split('\n', 1)[0] ?? ''
  if (file.endsWith('.sh') || /^#!.*\b(ba)?sh\b/.test(first)) return 'shell'
  // Linters find modules by themselves.
  return !file.endsWith('.py') && /^#!.*\bpython3\b/.test(first) ? 'python' : null
}

/**
 * @param {string} root
 * @returns {Promise<{ file: string, kind: 'python' | 'shell' }[]>}
 */
export async function programsIn(root) {
  const found = []
  for (const folder of FOLDERS) {
    for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const file = path.slice(root.length + 1)
      const kind = kindOfProgram(file, await readFile(path, 'utf8'))
      if (kind !== null) found.push({ file, kind })
    }
  }
  return found.sort((a, b) => (a.file < b.file ? -1 : 1))
}
