// @ts-check
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/**
 * One hash of files and folders: names, contents and whether they may be executed.
 * @param {string} root
 * @param {readonly string[]} paths Relative to the root. One that does not exist counts as empty.
 * @param {readonly string[]} [values] What else the result depends on.
 */
export async function fingerprint(root, paths, values = []) {
  const hash = createHash('sha256')
  for (const value of values) hash.update(`${value}\0`)
  for (const path of paths) {
    for (const file of await filesIn(join(root, path))) {
      const { mode } = await stat(file)
      hash.update(`${relative(root, file)}\0${mode & 0o111 ? 'x' : '-'}\0`)
      hash.update(
        createHash('sha256')
          .update(await readFile(file))
          .digest(),
      )
    }
  }
  return hash.digest('hex')
}

/**
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function filesIn(path) {
  const about = await stat(path).catch(() => null)
  if (about === null) return []
  if (about.isFile()) return [path]
  // What Python writes beside its sources says nothing that they do not say.
  const names = (await readdir(path, { recursive: true })).filter((name) => !name.includes('__pycache__'))
  const files = await Promise.all(
    names.map(async (name) => ((await stat(join(path, name))).isFile() ? [join(path, name)] : [])),
  )
  return files.flat().sort()
}

/**
 * Remembers what a result was made from, so that it is made again only when that changed.
 * @param {string} file
 */
export function stamp(file) {
  return {
    /** @returns {Promise<string>} */
    read: () => readFile(file, 'utf8').catch(() => ''),
    /** @param {string} value */
    async write(value) {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, value)
    },
  }
}
