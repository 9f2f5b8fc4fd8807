import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const AGENT = resolve(import.meta.dirname, '../../docker/agent')

/** What PostgreSQL 17 calls its part of a tablespace. */
export const VERSION_DIRECTORY = 'PG_17_202406281'

/**
 * `howdah-recovery` itself, for copies anywhere below this directory, whose PostgreSQL is 17. With "each-line" it takes
 * {"argv", "steps"}, line by line, and answers the exit code of each: killed, as with its container, behind so many changes of what
 * is on the disk.
 */
const PROGRAM = (root: string) => `#!/usr/bin/env python3
import json, os, re, sys
sys.dont_write_bytecode = True
sys.path[:0] = [${JSON.stringify(AGENT)}]
from howdah.data import control
from howdah.recovery import cli, copies, swapping
copies.ROOTS = re.compile(re.escape(${JSON.stringify(root)}) + "/.+")
control.control_data = lambda directory: {"Catalog version number": "202406281"}
os.fsync = lambda handle: None

left = None

def counted(change):
    def run(*given, **named):
        global left
        if left is not None:
            if left == 0:
                os._exit(137)
            left -= 1
        return change(*given, **named)
    return run

for name in ("rename", "symlink", "mkdir", "rmdir", "unlink"):
    setattr(os, name, counted(getattr(os, name)))

def run(argv):
    sys.argv = ["howdah-recovery", *argv]
    cli.main()

def run_killed(argv, steps):
    global left
    child = os.fork()
    if child == 0:
        left = steps
        os.dup2(2, 1)
        try:
            run(argv)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

if sys.argv[1:] == ["each-line"]:
    while line := sys.stdin.readline():
        print(run_killed(**json.loads(line)), flush=True)
else:
    run(sys.argv[1:])
`

/** Installs it beside the copies, in `bin`; answers a PATH on which it is found first. */
export async function installRecoveryProgram(root: string): Promise<string> {
  const bin = join(root, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'howdah-recovery'), PROGRAM(root))
  await chmod(join(bin, 'howdah-recovery'), 0o755)
  return `${bin}:${process.env['PATH']}`
}

/** Runs a program as Docker's exec does, with a PATH of its own. */
export async function runProgram(argv: readonly string[], PATH: string) {
  const [program = '', ...args] = argv
  try {
    return { exitCode: 0, ...(await promisify(execFile)(program, args, { env: { ...process.env, PATH } })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string }
    return { exitCode: typeof code === 'number' ? code : 1, stdout: stdout ?? '', stderr: stderr ?? String(error) }
  }
}

export interface KilledPrograms {
  /** Answers the exit code: 137 where it was killed after this many changes; null: never. */
  run(argv: readonly string[], steps: number | null): Promise<number>
  end(): Promise<void>
}

/** Runs it many times over, without the time that Python takes to begin. */
export function startKilledPrograms(PATH: string): KilledPrograms {
  const child = spawn('howdah-recovery', ['each-line'], {
    env: { ...process.env, PATH },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    async run(argv, steps) {
      child.stdin.write(`${JSON.stringify({ argv, steps })}\n`)
      return Number((await answers.next()).value)
    },
    async end() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}
