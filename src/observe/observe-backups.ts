import type { BarmanReader } from '../clients/barman/barman-reader.ts'
import { type ListedBackup, parseListBackups, parseShowBackup, withListed } from '../clients/barman/parse-backups.ts'
import type { Backup } from '../domain/backup/backup.ts'
import type { Clock } from '../shared/clock.ts'
import { createPoll, type Poll } from './poll.ts'
import { lost, seen } from './readings.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export interface ObserveBackupsDeps {
  readonly server: string
  readonly store: SnapshotStore
  readonly reader: Pick<BarmanReader, 'barman' | 'directories'>
  readonly clock: Clock
  readonly intervalMs: number
}

interface Known {
  readonly backup: Backup
  /** While it stays the same, what `show-backup` says does too. */
  readonly key: string
}

/** Each `show-backup` is a process at the other end: how many run at once. */
const CONCURRENCY = 3

/** The base backups: one list each time, and a closer look only at those of which Barman has changed something. */
export function observeBackups(deps: ObserveBackupsDeps): Poll {
  const { server, store, reader, clock } = deps
  const known = new Map<string, Known>()

  const list = async () => parseListBackups(await reader.barman(['list-backups', server]), server)

  /** null when it was deleted after it was listed. */
  const show = async (backupId: string): Promise<Backup | null> => {
    try {
      return parseShowBackup(await reader.barman(['show-backup', server, backupId]), server)
    } catch (error) {
      known.delete(backupId)
      if ((await list()).some((listed) => listed.backupId === backupId)) throw error
      return null
    }
  }

  const lookAt = async (listed: readonly ListedBackup[], keys: ReadonlyMap<string, string>) => {
    const newest = listed.at(-1)?.backupId
    // The newest backup's WAL grows without its information being changed.
    const stale = listed.filter(({ backupId }) => {
      return backupId === newest || known.get(backupId)?.key !== keys.get(backupId)
    })
    const queue = [...stale]
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const backup = await show(next.backupId)
        if (backup !== null) known.set(next.backupId, { backup, key: keys.get(next.backupId) ?? '' })
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
  }

  return createPoll({
    at: `backups of ${server}`,
    clock,
    intervalMs: deps.intervalMs,
    run: async () => {
      try {
        const [{ base }, listed] = await Promise.all([reader.directories(), list()])
        await lookAt(listed, keysOf(listed, new Map(base.map(({ id, infoMtime }) => [id, infoMtime]))))
        const ids = new Set(listed.map(({ backupId }) => backupId))
        for (const id of known.keys()) if (!ids.has(id)) known.delete(id)
        const backups = listed.flatMap((line) => {
          const found = known.get(line.backupId)
          return found === undefined ? [] : [withListed(found.backup, line)]
        })
        store.updateBackupServer(server, (part) => ({ ...part, backups: seen(backups, clock.now()) }))
      } catch (error) {
        store.updateBackupServer(server, (part) => ({ ...part, backups: lost(part.backups, error) }))
      }
    },
  })
}

// A backup's WAL ends where the next one begins, so a new neighbor changes it as well.
function keysOf(listed: readonly ListedBackup[], infoMtimes: ReadonlyMap<string, number>): Map<string, string> {
  return new Map(
    listed.map(({ backupId, status }, position) => [
      backupId,
      [infoMtimes.get(backupId), status, listed[position + 1]?.backupId].join(' '),
    ]),
  )
}
