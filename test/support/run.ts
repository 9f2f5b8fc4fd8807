import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** A program of this machine; answers what it printed, throws when it ends with anything but 0. */
export async function run(program: string, ...args: string[]): Promise<string> {
  return (await execute(program, args)).stdout.trim()
}
