// @ts-check
import { tryCommand } from './run-command.mjs'

/**
 * @typedef {(args: readonly string[], options?: { input?: string, timeoutMs?: number }) => Promise<{ code: number, stdout: string, output: string }>} Docker
 *   The Docker command line, and how it ended: what the tests put a fake in the place of.
 */

/** @type {Docker} */
export const docker = (args, options) => tryCommand('docker', args, options)
