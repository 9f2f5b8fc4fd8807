import { type ChildProcess, spawn } from 'node:child_process'
import type { TestStack } from '../stack/stack.ts'
import { waitFor } from '../wait-for.ts'

/** When each node took writes of its own, from its own clock (all containers share the machine's). */
export interface WriteWatch {
  /** Ends it. Milliseconds since the epoch of the first and the last write that each node took; left out: none. */
  stop(): Promise<Readonly<Record<string, { readonly first: number; readonly last: number }[]>>>
}

/**
 * Writes on every node itself, all along and through the loss of its network: from inside its container, over the socket.
 * Answers spells: a pause of more than a second begins a new one. Resolves when each has begun: Docker never comes back from
 * freezing a container in which it is about to start a program.
 */
export async function watchWrites(facts: TestStack, nodes = ['db1', 'db2', 'db3', 'db4']): Promise<WriteWatch> {
  const took = new Map<string, number[]>(nodes.map((node) => [node, []]))
  const statement =
    "SELECT 'took ' || (extract(epoch FROM clock_timestamp()) * 1000)::bigint, pg_logical_emit_message(false, 'test', '')"
  const loop = `echo began; while :; do PGCONNECT_TIMEOUT=1 timeout 2 psql -XAtqc "${statement}" 2>/dev/null; sleep 0.1; done`
  const begun = new Set<string>()
  const children: ChildProcess[] = nodes.map((node) => {
    const child = spawn('docker', ['exec', '--user', 'postgres', facts.container(node), 'bash', '-c', loop])
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      begun.add(node)
      for (const [, at] of text.matchAll(/took (\d+)/g)) took.get(node)?.push(Number(at))
    })
    return child
  })
  await waitFor('every node to begin', async () => begun.size === nodes.length)
  return {
    async stop() {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(nodes.map((node) => facts.exec(node, ['pkill', '-f', 'took'], 'postgres').catch(() => '')))
      return Object.fromEntries([...took].map(([node, times]) => [node, spellsOf(times)]))
    },
  }
}

function spellsOf(times: readonly number[]): { first: number; last: number }[] {
  const spells: { first: number; last: number }[] = []
  for (const at of times) {
    const open = spells.at(-1)
    if (open !== undefined && at - open.last < 1_000) open.last = at
    else spells.push({ first: at, last: at })
  }
  return spells
}

/** Pairs of nodes that took writes at the same time: there must be none, ever. */
export function overlaps(spells: Awaited<ReturnType<WriteWatch['stop']>>): string[] {
  const all = Object.entries(spells).flatMap(([node, list]) => list.map((spell) => ({ node, ...spell })))
  return all.flatMap((a) =>
    all
      .filter((b) => a.node < b.node && a.first <= b.last && b.first <= a.last)
      .map((b) => `${a.node} (${a.first} to ${a.last}) and ${b.node} (${b.first} to ${b.last})`),
  )
}
