import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Role } from '../../../src/domain/operation/operation.ts'
import { writeDocumentedFiles } from '../../support/documented-files.ts'
import type { RunningHowdah } from './running-howdah.ts'

export interface Program {
  /** Its exit code, when it has ended; null when it was killed. */
  readonly code: Promise<number | null>
  stdout(): string
  stderr(): string
  /** Kills it, and what it has started. */
  kill(): Promise<void>
}

export interface Run {
  /** Of the token that it is given; OPERATOR when left out. */
  readonly role?: Role
  readonly env?: Readonly<Record<string, string>>
}

/** Runs the programs of docs/CLIENTS.md, with a chat that they may tell. */
export interface ProgramRunner {
  /** What the chat was told. */
  readonly told: string[]
  /** What the chat answers with; and how often it has answered with anything but 200. */
  chat: { status: number; notTaken: number }
  /** Where a program keeps how far it has told. */
  readonly stateFile: string
  /** Starts a program, as a person would who has copied it: "bash", "chat-feed.sh". */
  start(interpreter: string, name: string, run?: Run): Program
  /** A state that no program has kept, and a chat that has been told nothing. Ends what runs. */
  reset(): Promise<void>
  close(): Promise<void>
}

export async function createProgramRunner(howdah: RunningHowdah): Promise<ProgramRunner> {
  const files = await writeDocumentedFiles()
  const folder = await mkdtemp(join(tmpdir(), 'howdah-programs-'))
  for (const role of Object.values(Role))
    await writeFile(join(folder, role), `${howdah.token(role)}\n`, { mode: 0o600 })
  const running = new Set<Program>()
  const runner: Pick<ProgramRunner, 'told' | 'chat' | 'stateFile'> = {
    told: [],
    chat: { status: 200, notTaken: 0 },
    stateFile: join(folder, 'state'),
  }
  const webhook = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      if (runner.chat.status === 200) runner.told.push((JSON.parse(body) as { text: string }).text)
      else runner.chat.notTaken++
      response.writeHead(runner.chat.status).end()
    })
  })
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
  const killAll = () => Promise.all([...running].map((program) => program.kill()))
  return Object.assign(runner, {
    start(interpreter: string, name: string, { role = Role.OPERATOR, env = {} }: Run = {}) {
      const child = spawn(interpreter, [join(files.folder, name)], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'] as const,
        // A group of its own: what it starts can be ended with it.
        detached: true,
        env: {
          PATH: process.env['PATH'],
          HOWDAH_URL: howdah.url,
          HOWDAH_TOKEN_FILE: join(folder, role),
          HOWDAH_PAUSE: '0.1',
          HOWDAH_STATE: runner.stateFile,
          HOWDAH_WEBHOOK: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
          ...env,
        },
      })
      const program = watch(child)
      running.add(program)
      program.code.then(
        () => running.delete(program),
        () => running.delete(program),
      )
      return program
    },
    async reset() {
      await killAll()
      await rm(runner.stateFile, { force: true })
      runner.told.length = 0
      runner.chat = { status: 200, notTaken: 0 }
    },
    async close() {
      await killAll()
      webhook.close()
      await files.remove()
      await rm(folder, { recursive: true })
    },
  })
}

function watch(child: ChildProcess): Program {
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text
    })
  }
  const code = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return {
    code,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    async kill() {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        process.kill(-child.pid, 'SIGKILL')
      }
      await code
    },
  }
}
