import { readFile } from 'node:fs/promises'
import { z } from 'zod'

/** Of Howdah: from the package that this file is part of, in the image as in the sources. */
export async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}
