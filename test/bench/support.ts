import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf } from '../../src/domain/errors.ts'
import { createApiClient } from '../support/stack/api-client.ts'
import { type OperationView, performOperation, readOperation } from '../support/stack/operation-client.ts'
import { waitFor } from '../support/wait-for.ts'

const run = promisify(execFile)

/** The running stack, as `npm run bench` hands it over. */
export const API_URL = process.env['HOWDAH_API_URL'] ?? 'http://localhost:4000/graphql'
export const TOKEN = process.env['HOWDAH_TOKEN'] ?? ''
export const SERVER = process.env['BARMAN_SERVER'] || process.env['PATRONI_SCOPE'] || 'patroni'
export const api = createApiClient({ url: API_URL, token: TOKEN })

export function container(service: string): string {
  return `${process.env['HOWDAH_CONTAINER_PREFIX'] ?? ''}${service}`
}

export async function inContainer(service: string, ...argv: string[]): Promise<string> {
  const user = service === 'barman' ? ['--user', 'barman'] : []
  const { stdout } = await run('docker', ['exec', ...user, container(service), ...argv], {
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}

/** A statement as superuser on the node that leads. */
export async function onLeader(statement: string): Promise<void> {
  const { cluster } = await api.query<{ cluster: { leader: { name: string } } }>('{ cluster { leader { name } } }')
  await inContainer(cluster.leader.name, 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-c', statement)
}

/** An operation, to its last event; throws unless it has succeeded. */
export async function perform(kind: string, input: Readonly<Record<string, unknown>> = {}): Promise<OperationView> {
  const { cluster } = await api.query<{ cluster: { name: string } }>('{ cluster { name } }')
  const { operation } = await performOperation(api, kind, { ...input, confirm: cluster.name })
  if (operation.status === 'SUCCEEDED') return operation
  throw new Error(`${kind}: ${operation.error?.message ?? operation.status}`)
}

/** A FULL base backup with a name that tells whose it is; its id, as soon as the API sees it. */
export async function takeBackup(): Promise<string> {
  const { id } = await perform('createBackup', { type: 'FULL', name: `howdah-bench-${Date.now()}` })
  return waitFor('the backup to be seen', async () => (await readOperation(api, id))?.result?.backupId)
}

/** What a measurement leaves behind, one after the other: what cannot be removed is told, and keeps nothing else. */
export async function removeAll(...removals: (() => Promise<unknown>)[]): Promise<void> {
  for (const remove of removals) {
    await remove().catch((error: unknown) => {
      process.exitCode = 1
      console.error(messageOf(error))
    })
  }
}

/** Milliseconds that it took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

export async function repeat(times: number, work: () => Promise<number>): Promise<number[]> {
  const taken: number[] = []
  for (let n = 0; n < times; n += 1) taken.push(await work())
  return taken
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

export function ms(value: number): string {
  return value < 10
    ? `${value.toFixed(2)} ms`
    : value < 1000
      ? `${value.toFixed(0)} ms`
      : `${(value / 1000).toFixed(2)} s`
}

/** A table in Markdown, so that the last run can be put into docs/BENCHMARKS.md as it is. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  console.log([line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n'))
}
