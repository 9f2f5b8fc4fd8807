import { StringDecoder } from 'node:string_decoder'

export type OutputStream = 'stdout' | 'stderr'

export interface OutputChunk {
  readonly stream: OutputStream
  readonly data: Buffer
}

export interface OutputText {
  readonly stream: OutputStream
  readonly text: string
}

const HEADER_BYTES = 8
const STDERR = 2

/** Takes Docker's multiplexed stream as it comes, gives what each of the two streams said, in order. */
export function createDemultiplexer(): { push(chunk: Buffer): OutputChunk[] } {
  let stream: OutputStream = 'stdout'
  let remaining = 0
  let header = Buffer.alloc(0)
  return {
    push: (chunk) => {
      const chunks: OutputChunk[] = []
      let rest = chunk
      while (rest.length > 0) {
        if (remaining === 0) {
          const missing = HEADER_BYTES - header.length
          header = Buffer.concat([header, rest.subarray(0, missing)])
          rest = rest.subarray(missing)
          if (header.length < HEADER_BYTES) break
          stream = header[0] === STDERR ? 'stderr' : 'stdout'
          remaining = header.readUInt32BE(4)
          header = Buffer.alloc(0)
          continue
        }
        const data = rest.subarray(0, remaining)
        remaining -= data.length
        rest = rest.subarray(data.length)
        chunks.push({ stream, data })
      }
      return chunks
    },
  }
}

/** Makes whole lines of the two streams' bytes; `end` gives what was left without a line's end. */
export function createLineSplitter(): { push(chunk: OutputChunk): OutputText[]; end(): OutputText[] } {
  const started = {
    stdout: { decoder: new StringDecoder('utf8'), text: '' },
    stderr: { decoder: new StringDecoder('utf8'), text: '' },
  }
  return {
    push: ({ stream, data }) => {
      const line = started[stream]
      const lines = (line.text + line.decoder.write(data)).split('\n')
      line.text = lines.pop() ?? ''
      return lines.map((text) => ({ stream, text: text.endsWith('\r') ? text.slice(0, -1) : text }))
    },
    end: () =>
      (['stdout', 'stderr'] as const).flatMap((stream) => {
        const text = started[stream].text + started[stream].decoder.end()
        return text === '' ? [] : [{ stream, text }]
      }),
  }
}
