import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostPort } from '../../domain/cluster/cluster.ts'
import { messageOf, UnexpectedAnswerError, UnreachableError } from '../../domain/errors.ts'

/**
 * What listens on the host, from the kernel's own table of sockets: `/proc/1/net` of the host, mounted read-only. From inside
 * a container a port that is published to 127.0.0.1 cannot be connected to, and Docker goes on naming a port whose proxy has
 * ended; the table has it or has it not.
 */
export interface HostSockets {
  /** Every TCP port that a process of the host listens on. Throws UnreachableError and UnexpectedAnswerError. */
  listening(): Promise<readonly HostPort[]>
}

/** The kernel's number for "listens". */
const LISTEN = '0A'
const ROW = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /

export function createHostSockets({ directory }: { readonly directory: string }): HostSockets {
  const read = async (file: string): Promise<string> => {
    try {
      return await readFile(join(directory, file), 'utf8')
    } catch (error) {
      throw new UnreachableError("the host's table of sockets", messageOf(error), {
        remedy: `hostSockets in configs/howdah.yml is where the host's /proc/1/net is mounted; leave it empty where that cannot be.`,
      })
    }
  }
  return {
    async listening() {
      // A kernel without IPv6 has no such table.
      const [four, six] = await Promise.all([read('tcp'), read('tcp6').catch(() => null)])
      return [...parseSocketTable(four), ...(six === null ? [] : parseSocketTable(six))]
    },
  }
}

/** Reads `/proc/net/tcp` or `tcp6`. Exported for its test. */
export function parseSocketTable(text: string): HostPort[] {
  const [header = '', ...rows] = text.split('\n')
  if (!header.includes('local_address')) throw new UnexpectedAnswerError("the host's table of sockets", header)
  return rows.flatMap((row) => {
    const [, address = '', port = '', state] = ROW.exec(row) ?? []
    return state === LISTEN ? [{ address: addressOf(address), port: Number.parseInt(port, 16) }] : []
  })
}

/** The kernel prints addresses as words of four bytes, each in the machine's own order: the last byte first. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse())
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.')
  const groups = bytes.join('').match(/.{4}/g) ?? []
  // A URL's host is written in the one short form, as Docker writes it: "::", "::1".
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
