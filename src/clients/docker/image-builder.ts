import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { z } from 'zod'
import { HowdahError, InvalidValueError, messageOf, NotFoundError } from '../../domain/errors.ts'
import { parseAnswer } from '../parse-answer.ts'
import { callDocker, toHowdahError } from './docker-endpoint.ts'
import type { StreamGuard } from './stream-guard.ts'

/** Where images are built from, and how the compose file would. */
export interface ImageSources {
  /** The folder docker/, with its Dockerfile. */
  readonly context: string
  /** Build arguments: SUITE, PG_MAJOR. */
  readonly args: Readonly<Record<string, string>>
}

/** The engine could not build it; its own last lines. */
export class ImageBuildError extends HowdahError {
  readonly code = 'IMAGE_BUILD_FAILED'
  constructor(
    readonly image: string,
    readonly lastLines: readonly string[],
  ) {
    super(`image ${image} could not be built: ${lastLines.join(' | ')}`, {
      remedy: "See the operation's log lines; the service goes on with the image that it had.",
      retryable: true,
    })
  }
}

/** The stack's images on one engine, by their tags: "howdah/etcd:trixie". */
export interface ImageBuilder {
  /** The id that the tag stands for now; null when there is no such image. */
  idOf(image: string): Promise<string | null>
  /** Lets the tag stand for the id. */
  tag(image: string, id: string): Promise<void>
  /**
   * Builds it and moves its tag; answers the id. What did not change comes from the engine's cache. An abort, or the
   * caller's death, ends the build. Throws ImageBuildError.
   */
  build(image: string, onLine: (line: string) => void, signal: AbortSignal): Promise<string>
}

const KEPT_LINES = 5

const outputSchema = z.object({ stream: z.string().optional(), error: z.string().optional() })

export function createImageBuilder({
  docker,
  guard,
  sources,
  timeoutMs,
}: {
  readonly docker: Docker
  readonly guard: StreamGuard
  readonly sources: ImageSources
  readonly timeoutMs: number
}): ImageBuilder {
  async function idOf(image: string): Promise<string | null> {
    const system = `Docker image ${image}`
    try {
      const answer = await callDocker({ system, timeoutMs }, () => docker.getImage(image).inspect())
      return parseAnswer(system, z.object({ Id: z.string() }), answer).Id
    } catch (error) {
      if (error instanceof NotFoundError) return null
      throw error
    }
  }

  return {
    idOf,
    async tag(image, id) {
      const [repo, tag] = splitTag(image)
      await callDocker({ system: `Docker image ${image}`, timeoutMs }, (abortSignal) =>
        docker.getImage(id).tag({ repo, tag, abortSignal }),
      )
    },
    async build(image, onLine, signal) {
      await checkSources(sources.context)
      const lines: string[] = []
      const tell = (line: string) => {
        lines.push(line)
        onLine(line)
      }
      // From the first byte that is sent on: what the engine takes is a stream as well.
      const gone = new AbortController()
      const release = guard.watch((reason) => gone.abort(reason))
      try {
        const output = await docker.buildImage(archiveOf(sources.context, await readdir(sources.context)), {
          t: image,
          target: stageOf(image),
          buildargs: { ...sources.args },
          networkmode: 'host',
          rm: true,
          forcerm: true,
          abortSignal: AbortSignal.any([signal, gone.signal]),
        })
        for await (const line of linesOf(guard.read(output))) {
          const { stream, error } = parseAnswer(`Docker image ${image}`, outputSchema, JSON.parse(line))
          if (error !== undefined) throw new ImageBuildError(image, [...lines.slice(-KEPT_LINES), error.trim()])
          for (const part of (stream ?? '').split('\n')) if (part.trim() !== '') tell(part.trimEnd())
        }
      } catch (error) {
        signal.throwIfAborted()
        gone.signal.throwIfAborted()
        throw toHowdahError(`Docker image ${image}`, error)
      } finally {
        release()
      }
      signal.throwIfAborted()
      const id = await idOf(image)
      if (id === null) throw new ImageBuildError(image, lines.slice(-KEPT_LINES))
      return id
    },
  }
}

/** Every image is a stage of the one Dockerfile, and has its name: "etcd" for "howdah/etcd:trixie". */
export function stageOf(image: string): string {
  return splitTag(image)[0].split('/').at(-1) ?? ''
}

function splitTag(image: string): [repository: string, tag: string] {
  const colon = image.lastIndexOf(':')
  return colon > image.lastIndexOf('/') ? [image.slice(0, colon), image.slice(colon + 1)] : [image, 'latest']
}

/**
 * The folder as an archive whose entries are in the order of their names and belong to root, as Docker's own command
 * line sends it: its cache then knows folders again that Compose has built from.
 */
function archiveOf(folder: string, names: readonly string[]): NodeJS.ReadableStream {
  const owner = ['--owner=0', '--group=0', '--numeric-owner']
  const tar = spawn('tar', ['--create', '--sort=name', ...owner, '--directory', folder, ...[...names].sort()], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  tar.once('error', (error) => tar.stdout.destroy(error))
  return tar.stdout
}

/** A file that cannot be read would leave the engine waiting for the rest of it. */
async function checkSources(context: string): Promise<void> {
  try {
    for (const file of await readdir(context, { recursive: true })) await access(join(context, file), constants.R_OK)
  } catch (error) {
    throw new InvalidValueError(`images cannot be built from ${context}: ${messageOf(error)}`, {
      remedy: 'The worker needs the folder docker/, mounted and readable: see docker/compose.yml.',
    })
  }
}

async function* linesOf(output: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun = ''
  for await (const chunk of output) {
    const lines = (begun + String(chunk)).split('\n')
    begun = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield line
  }
  if (begun.trim() !== '') yield begun
}
