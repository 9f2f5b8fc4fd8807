import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ApiClient } from '../stack/api-client.ts'
import { leaderName } from '../stack/cluster-facts.ts'
import { performOperation } from '../stack/operation-client.ts'
import type { TestStack } from '../stack/stack.ts'

/** How a kind is brought to do something, so that a worker can be killed in each of its steps. */
export interface KillCase {
  /** Input of an operation that has something to do in that step; asked for before each kill. */
  input(world: World, step: string): Promise<Record<string, unknown>>
  /** For kinds that no client can ask for: makes Howdah ask. */
  provoke?(world: World, step: string): Promise<void>
  /** Puts back what the operation changed, but what the kill after this one begins with. */
  restore?(world: World, next: Kill | undefined): Promise<void>
}

/** The worker dies when this step of an operation of this kind has begun. */
export interface Kill {
  /** "switchover" */
  readonly kind: string
  readonly step: string
}

export interface World {
  readonly facts: TestStack
  readonly api: ApiClient
}

/** Every kind's case, by the kind's name: the default exports of the files in a folder, each named as its kind's file is. */
export async function loadKillCases(folder: URL): Promise<ReadonlyMap<string, KillCase>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort()
  const cases = files.map(async (file) => {
    const { default: killCase }: { default?: KillCase } = await import(new URL(file, folder).href)
    if (killCase?.input === undefined) throw new TypeError(`${file} exports no KillCase`)
    return [kindNameOf(basename(file, '.ts')), killCase] as const
  })
  return new Map(await Promise.all(cases))
}

/** Names of the kinds in whose steps no worker would be killed. */
export function kindsWithoutKillCase(
  registry: ReadonlyMap<string, unknown>,
  killCases: ReadonlyMap<string, KillCase>,
): string[] {
  return [...registry.keys()].filter((kind) => !killCases.has(kind))
}

/** "createBackup" for "create-backup". */
function kindNameOf(file: string): string {
  return file.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** What operations that cannot be undone ask for. */
export const confirm = 'patroni'

/** A node that does not lead, and is not db1. */
export async function replica({ api }: World): Promise<string> {
  const leader = await leaderName(api)
  return ['db2', 'db3', 'db4'].find((name) => name !== leader) ?? 'db2'
}

/** Asks for an operation that must succeed; answers the id of the backup that it made, if any. */
export async function perform({ api }: World, kind: string, input: Record<string, unknown>): Promise<string> {
  const { operation } = await performOperation(api, kind, input)
  if (operation.status !== 'SUCCEEDED') throw new Error(`${kind}: ${JSON.stringify(operation.error)}`)
  return operation.result?.backupId ?? ''
}

export const backupOf = (world: World) => perform(world, 'createBackup', { type: 'FULL' })

export async function newestBackup({ api }: World): Promise<string> {
  const query = '{ cluster { backupServer { latestBackup { backupId } } } }'
  const { cluster } = await api.query<{ cluster: { backupServer: { latestBackup: { backupId: string } } } }>(query)
  return cluster.backupServer.latestBackup.backupId
}
