import { execFile } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const BASE = resolve(import.meta.dirname, '../../docker/base')

/**
 * `howdah-recovery` itself, for copies anywhere below this directory. With HOWDAH_TEST_STEPS it is killed, as with its container, behind
 * that many changes of what is on the disk.
 */
const PROGRAM = (root: string) => `#!/usr/bin/env python3
import os, re, runpy, sys
sys.path[:0] = [${JSON.stringify(`${BASE}/recovery`)}]
import copies
copies.ROOTS = re.compile(re.escape(${JSON.stringify(root)}) + "/.+")

left = int(os.environ.get("HOWDAH_TEST_STEPS", "-1"))

def counted(change):
    def run(*given, **named):
        global left
        if left == 0:
            os._exit(137)
        left -= 1
        return change(*given, **named)
    return run

for name in ("rename", "symlink", "mkdir", "rmdir", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
runpy.run_path(${JSON.stringify(`${BASE}/howdah-recovery`)}, run_name="__main__")
`

/** All that swapping asks of it. */
const CONTROL_DATA = `#!/bin/sh
echo 'Catalog version number:               202406281'
`
/** What PostgreSQL 17 calls its part of a tablespace, by that. */
export const VERSION_DIRECTORY = 'PG_17_202406281'

/** Installs both beside the copies, in `bin`; answers a PATH on which they are found first. */
export async function installRecoveryProgram(root: string): Promise<string> {
  const bin = join(root, 'bin')
  await mkdir(bin)
  for (const [name, text] of [
    ['howdah-recovery', PROGRAM(root)],
    ['pg_controldata', CONTROL_DATA],
  ] as const) {
    await writeFile(join(bin, name), text)
    await chmod(join(bin, name), 0o755)
  }
  return `${bin}:${process.env['PATH']}`
}

/** Runs a program as Docker's exec does, with a PATH of its own. */
export async function runProgram(argv: readonly string[], env: Readonly<Record<string, string>>) {
  const [program = '', ...args] = argv
  try {
    return { exitCode: 0, ...(await promisify(execFile)(program, args, { env: { ...process.env, ...env } })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string }
    return { exitCode: typeof code === 'number' ? code : 1, stdout: stdout ?? '', stderr: stderr ?? String(error) }
  }
}
