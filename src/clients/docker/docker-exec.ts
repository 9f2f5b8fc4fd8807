import { z } from 'zod'
import { UnreachableError } from '../../domain/errors.ts'
import { parseAnswer } from '../parse-answer.ts'
import { type ContainerAddress, nameOf } from './container-address.ts'
import { ContainerAwayError, ContainerConflictError } from './container-errors.ts'
import { createDemultiplexer, createLineSplitter, type OutputStream } from './demultiplex.ts'
import { callDocker, openDocker, openStreamGuard, toHowdahError } from './docker-endpoint.ts'
import { findContainer } from './find-container.ts'
import type { LifeSigns } from './stream-guard.ts'

export interface ExecRequest {
  readonly container: ContainerAddress
  /** "postgres", "barman"; the image's own when left out. */
  readonly user?: string
  readonly env?: Readonly<Record<string, string>>
  /** Program and arguments; no shell reads them. */
  readonly argv: readonly string[]
  /** Given on its standard input, which then ends: for what no command line may show. Without it there is none. */
  readonly stdin?: string
  /** Each line as it comes, as well as in the result. */
  readonly onLine?: (line: string, stream: OutputStream) => void
  /** Milliseconds for the whole command; null for as long as it takes. */
  readonly timeoutMs?: number | null
  readonly signal?: AbortSignal
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs commands in containers. Only the worker has one: it needs the engine's socket itself. */
export interface DockerExec {
  /**
   * Resolves when the command has ended, whatever its exit code. Throws UnreachableError, NotFoundError for an unknown
   * container, and the signal's reason when aborted. Docker cannot end a command: an aborted or late one goes on in the
   * container, so what must be ended is run by howdah-run.
   */
  run(request: ExecRequest): Promise<ExecResult>
}

const exitSchema = z.object({ ExitCode: z.number().nullable() })

export function createDockerExec(deps: { endpoint: string; timeoutMs?: number; signs?: LifeSigns }): DockerExec {
  const docker = openDocker(deps.endpoint)
  const guard = openStreamGuard(deps.endpoint, deps.signs)
  const { timeoutMs: callTimeoutMs = 5_000 } = deps
  return {
    run: async ({ container, user, env = {}, argv, stdin, onLine, timeoutMs = 60_000, signal }) => {
      const system = `Docker ${nameOf(container)}`
      const call = <T>(run: (signal: AbortSignal) => Promise<T>) =>
        callDocker({ system, timeoutMs: callTimeoutMs, signal }, run).catch(asAway)
      const late = timeoutMs === null ? [] : [AbortSignal.timeout(timeoutMs)]
      const ended = AbortSignal.any([...late, ...(signal === undefined ? [] : [signal])])
      const id = await findContainer(docker, container, { timeoutMs: callTimeoutMs, signal })
      const exec = await call((abortSignal) =>
        docker.getContainer(id).exec({
          Cmd: [...argv],
          ...(user === undefined ? {} : { User: user }),
          AttachStdin: stdin !== undefined,
          Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
          AttachStdout: true,
          AttachStderr: true,
          abortSignal,
        }),
      )
      const output: Record<OutputStream, Buffer[]> = { stdout: [], stderr: [] }
      const demultiplexer = createDemultiplexer()
      const splitter = createLineSplitter()
      const tell = (lines: readonly { stream: OutputStream; text: string }[]) => {
        if (onLine !== undefined) for (const { stream, text } of lines) onLine(text, stream)
      }
      try {
        // Only a connection that is taken over can be written to.
        const attached = stdin !== undefined
        const stream = await call(() => exec.start({ hijack: attached, stdin: attached, abortSignal: ended }))
        if (attached) stream.end(stdin)
        for await (const chunk of guard.read(stream)) {
          for (const part of demultiplexer.push(chunk)) {
            output[part.stream].push(part.data)
            tell(splitter.push(part))
          }
        }
        // An aborted stream may just end.
        ended.throwIfAborted()
        tell(splitter.end())
      } catch (error) {
        signal?.throwIfAborted()
        const reason = ended.aborted ? new Error(`no end within ${timeoutMs} ms: ${argv[0]}`) : error
        throw toHowdahError(system, reason)
      }
      const { ExitCode } = parseAnswer(system, exitSchema, await call((abortSignal) => exec.inspect({ abortSignal })))
      // Still running: it was the connection that ended.
      if (ExitCode === null) throw new UnreachableError(system, `contact with ${argv[0]} was lost while it ran`)
      const text = (stream: OutputStream) => Buffer.concat(output[stream]).toString('utf8')
      return { exitCode: ExitCode, stdout: text('stdout'), stderr: text('stderr') }
    },
  }
}

function asAway(error: unknown): never {
  throw error instanceof ContainerConflictError ? new ContainerAwayError(error) : error
}
