import { z } from 'zod'

// What `howdah-barman-reader` says, a JSON document a line. docker/agent/howdah/barman/reader.py documents it.

const file = z.object({ name: z.string(), size: z.number(), mtime: z.number() })

export const readerAnswer = z.union([
  z.object({ id: z.number().nullable(), ok: z.literal(true), result: z.unknown() }),
  z.object({ id: z.number().nullable(), ok: z.literal(false), error: z.string() }),
])

/** Pushed after `watch`: something has changed, and what is asked for now is new. */
export const readerEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('catalogue'), server: z.string(), size: z.number() }),
  z.object({ event: z.literal('backups'), server: z.string(), changed: z.array(z.string()) }),
  z.object({ event: z.literal('streaming'), server: z.string(), files: z.array(file) }),
])
export type ReaderEvent = z.output<typeof readerEvent>

export const commandResult = z.object({ exitCode: z.number(), stdout: z.string(), stderr: z.string() })

export const cataloguePart = z.object({
  /** Bytes of the whole file. */
  size: z.number(),
  inode: z.number().nullable(),
  /** Where `data` begins; 0 instead of what was asked for when the file has been rewritten. */
  position: z.number(),
  /** Where to read on. */
  next: z.number(),
  /** The anchor is no longer before the position. */
  rewritten: z.boolean(),
  /** Whole lines. */
  data: z.string(),
})
export type CataloguePart = z.output<typeof cataloguePart>

export const diskResult = z.object({ usedBytes: z.number(), freeBytes: z.number(), totalBytes: z.number() })

export const directoriesResult = z.object({
  incoming: z.array(file),
  streaming: z.array(file),
  errors: z.array(file),
  base: z.array(z.object({ id: z.string(), infoMtime: z.number() })),
})
export type BarmanDirectories = z.output<typeof directoriesResult>

export const watchResult = z.object({ watching: z.array(z.string()) })
