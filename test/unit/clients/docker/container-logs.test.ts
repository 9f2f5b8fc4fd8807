import { describe, expect, it } from 'vitest'
import { createLogReader } from '../../../../src/clients/docker/container-logs.ts'

describe('logs', () => {
  const frame = (stream: number, text: string) => {
    const header = Buffer.alloc(8)
    header[0] = stream
    header.writeUInt32BE(Buffer.byteLength(text), 4)
    return Buffer.concat([header, Buffer.from(text)])
  }
  const output = Buffer.concat([
    frame(1, '2026-11-22T18:47:17.620327123Z grüße\n'),
    frame(2, '2026-11-22T18:47:18Z oh '),
    frame(1, '2026-11-22T18:47:19Z a\r\n2026-11-22T18:47:20Z \n'),
    frame(2, 'no\n2026-11-22T18:47:21Z unfinished'),
  ])
  const expected = [
    ['stdout', 'grüße', '2026-11-22T18:47:17.620Z'],
    ['stdout', 'a', '2026-11-22T18:47:19.000Z'],
    ['stdout', '', '2026-11-22T18:47:20.000Z'],
    ['stderr', 'oh no', '2026-11-22T18:47:18.000Z'],
    ['stderr', 'unfinished', '2026-11-22T18:47:21.000Z'],
  ]

  it.each([1, 3, 7, 1000])('are the same lines in pieces of %i bytes', (size) => {
    const reader = createLogReader()
    const lines = []
    for (let start = 0; start < output.length; start += size)
      lines.push(...reader.push(output.subarray(start, start + size)))
    lines.push(...reader.end())
    expect(lines.map(({ stream, text, at }) => [stream, text, at.toISOString()])).toEqual(expected)
  })
})
