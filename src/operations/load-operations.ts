import { readdir } from 'node:fs/promises'
import { basename, sep } from 'node:path'
import { type AnyOperation, kindFileName } from './define-operation.ts'

export type OperationRegistry = ReadonlyMap<string, AnyOperation>

const KIND_FILE = /\.kind\.(ts|js)$/

/**
 * Every kind of the capabilities below this folder (`<capability>/<verb>/<kind>.kind.ts`), by name, in the order of
 * their names. Fails on a file that exports no operation, on a name that is not its file's, and on two kinds of one name.
 */
export async function loadOperations(directory = new URL('./', import.meta.url)): Promise<OperationRegistry> {
  const files = (await readdir(directory, { recursive: true }))
    .filter((file) => KIND_FILE.test(file))
    .map((file) => file.split(sep).join('/'))
    .sort((one, other) => (basename(one) < basename(other) ? -1 : 1))
  const registry = new Map<string, AnyOperation>()
  for (const file of files) {
    const exported: { default?: unknown } = await import(new URL(file, directory).href)
    const operation = exported.default
    if (!isOperation(operation)) {
      throw new TypeError(`operations/${file} has no default export made with defineOperation`)
    }
    const expected = kindFileName(operation.name)
    if (basename(file).replace(KIND_FILE, '') !== expected) {
      throw new TypeError(`operations/${file} defines "${operation.name}": its file is to be named ${expected}.kind.ts`)
    }
    if (registry.has(operation.name)) throw new TypeError(`operations/${file}: another kind is named ${operation.name}`)
    registry.set(operation.name, operation)
  }
  return registry
}

function isOperation(value: unknown): value is AnyOperation {
  return typeof value === 'object' && value !== null && 'name' in value && 'steps' in value && 'check' in value
}
