// @ts-check
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { installFromLockfile } from './install-from-lockfile.mjs'

/**
 * The npm packages of the lockfile, installed when they are not there or the lockfile is newer.
 * @param {string} root
 */
export async function ensureDependencies(root) {
  const [wanted, installed] = await Promise.all([
    changedAt(join(root, 'package-lock.json')),
    changedAt(join(root, 'node_modules/.package-lock.json')),
  ])
  if (installed >= wanted) return 'present'
  await installFromLockfile(root)
  return 'installed'
}

/**
 * @param {string} path
 * @returns {Promise<number>} 0: there is no such file.
 */
async function changedAt(path) {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
}
