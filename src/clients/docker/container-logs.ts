import type { LogLine } from '../../domain/cluster/log-line.ts'
import { createDemultiplexer, createLineSplitter, type OutputText } from './demultiplex.ts'

/** Takes what Docker logs with `timestamps`, gives whole lines with their times. */
export function createLogReader(): { push(chunk: Buffer): LogLine[]; end(): LogLine[] } {
  const demultiplexer = createDemultiplexer()
  const splitter = createLineSplitter()
  return {
    push: (chunk) =>
      demultiplexer
        .push(chunk)
        .flatMap((part) => splitter.push(part))
        .map(toLogLine),
    end: () => splitter.end().map(toLogLine),
  }
}

// "2026-11-22T18:47:17.620327123Z text".
function toLogLine({ stream, text }: OutputText): LogLine {
  const space = text.indexOf(' ')
  const at = new Date(space < 0 ? text : text.slice(0, space))
  return { at, stream, text: space < 0 ? '' : text.slice(space + 1) }
}
