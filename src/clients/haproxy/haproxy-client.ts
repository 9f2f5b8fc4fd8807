import { z } from 'zod'
import type { HaproxyBackend, HaproxyServer } from '../../domain/cluster/cluster.ts'
import { fetchText, parseJson } from '../fetch-text.ts'
import { parseAnswer } from '../parse-answer.ts'

// HAProxy's typed JSON: a list of rows, each a list of named values.
const statsSchema = z.array(
  z.array(
    z.object({
      objType: z.string(),
      field: z.object({ name: z.string() }),
      value: z.object({ value: z.union([z.string(), z.number()]) }),
    }),
  ),
)

export interface HaproxyClient {
  /** Every backend with its servers. Throws UnreachableError and UnexpectedAnswerError. */
  backends(signal?: AbortSignal): Promise<readonly HaproxyBackend[]>
}

export function createHaproxyClient(options: { statsUrl: string; timeoutMs?: number }): HaproxyClient {
  const { statsUrl, timeoutMs = 2_000 } = options
  return {
    backends: async (signal) => {
      const text = await fetchText({ system: 'HAProxy', url: `${statsUrl};json`, timeoutMs, signal })
      return parseHaproxyStats(parseJson('HAProxy', text))
    },
  }
}

/** Reads `/stats;json`: servers alone, in HAProxy's order; a proxy without servers is left out. */
export function parseHaproxyStats(answer: unknown): HaproxyBackend[] {
  const backends = new Map<string, HaproxyServer[]>()
  for (const row of parseAnswer('HAProxy', statsSchema, answer)) {
    if (row[0]?.objType !== 'Server') continue
    const fields = new Map(row.map((cell) => [cell.field.name, cell.value.value]))
    const backend = String(fields.get('pxname') ?? '')
    const servers = backends.get(backend) ?? []
    servers.push(toServer(fields))
    backends.set(backend, servers)
  }
  return [...backends].map(([name, servers]) => ({ name, servers }))
}

function toServer(fields: ReadonlyMap<string, string | number>): HaproxyServer {
  const number = (name: string) => {
    const value = fields.get(name)
    return typeof value === 'number' ? value : null
  }
  const status = String(fields.get('status') ?? 'UNKNOWN')
  return {
    name: String(fields.get('svname') ?? ''),
    status,
    // "UP", "UP 1/2" on its way down, "no check".
    active: status.startsWith('UP') || status === 'no check',
    sessions: number('scur') ?? 0,
    checkStatus: fields.has('check_status') ? String(fields.get('check_status')) : null,
    lastChangeSeconds: number('lastchg'),
    bytesIn: number('bin'),
    bytesOut: number('bout'),
  }
}
