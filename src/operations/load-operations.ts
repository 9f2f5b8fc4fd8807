import { readdir } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { type AnyOperation, kindFileName } from './define-operation.ts'

export type OperationRegistry = ReadonlyMap<string, AnyOperation>

/**
 * Every kind in `kinds/`, by name, in the order of their names. Fails on a file that exports no operation, on a name
 * that is not its file's, and on two kinds of one name.
 */
export async function loadOperations(directory = new URL('./kinds/', import.meta.url)): Promise<OperationRegistry> {
  const files = (await readdir(directory)).filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts')).sort()
  const registry = new Map<string, AnyOperation>()
  for (const file of files) {
    const exported: { default?: unknown } = await import(new URL(file, directory).href)
    const operation = exported.default
    if (!isOperation(operation)) throw new TypeError(`kinds/${file} has no operation as its default export`)
    if (kindFileName(operation.name) !== basename(file, extname(file))) {
      throw new TypeError(`kinds/${file} defines "${operation.name}", whose file is ${kindFileName(operation.name)}`)
    }
    if (registry.has(operation.name)) throw new TypeError(`two kinds are named ${operation.name}`)
    registry.set(operation.name, operation)
  }
  return registry
}

function isOperation(value: unknown): value is AnyOperation {
  return typeof value === 'object' && value !== null && 'name' in value && 'steps' in value && 'check' in value
}
