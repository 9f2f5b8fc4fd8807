import type { BarmanReader } from '../clients/barman/barman-reader.ts'
import { parseChecks, parseServerConfiguration } from '../clients/barman/parse-server.ts'
import type { BarmanDirectories, ReaderEvent } from '../clients/barman/reader-protocol.ts'
import type { BackupServerSnapshot, WalIncoming } from '../domain/backup/backup-server.ts'
import { CheckStatus } from '../domain/check.ts'
import type { Observed } from '../domain/observed.ts'
import { Timestamp } from '../domain/timestamp.ts'
import type { WalSegment } from '../domain/wal/wal-catalogue.ts'
import type { Clock } from '../shared/clock.ts'
import { createLatch } from './latch.ts'
import { observeBackups } from './observe-backups.ts'
import { observeWal } from './observe-wal.ts'
import { createPoll, type Poll } from './poll.ts'
import { lost, seen } from './readings.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import type { Source } from './source.ts'

/** Milliseconds between two looks; what Barman pushes is looked at when it comes. */
export interface BarmanIntervals {
  readonly configuration: number
  readonly checks: number
  /** While a check fails or could not be read: what has been fixed should not be refused for another minute. */
  readonly failingChecks: number
  readonly backups: number
  readonly wal: number
  readonly incoming: number
  readonly disk: number
}

export interface ObserveBarmanDeps {
  readonly server: string
  readonly store: SnapshotStore
  readonly reader: BarmanReader
  readonly clock: Clock
  readonly intervals: BarmanIntervals
  readonly onSegment: (segment: WalSegment) => void
}

export interface BarmanSource extends Source {
  /**
   * Each resolves when the snapshot has an answer that was asked for after the call, or the reason why there is none. Where Barman
   * was away, it is tried at once.
   */
  refreshBackups(): Promise<void>
  refreshChecks(): Promise<void>
  /** The catalogue, and what waits to be filed. */
  refreshWal(): Promise<void>
}

type Part = Exclude<keyof BackupServerSnapshot, 'cluster' | 'name'>

/** One Barman server: six parts over one session, each with its own pace. */
export function observeBarman(deps: ObserveBarmanDeps): BarmanSource {
  const { server, store, reader, clock, intervals, onSegment } = deps
  const contact = createLatch()

  const untilNextCheck = () => {
    const { checks } = store.current().backupServers.find(({ name }) => name === server) ?? {}
    const passing = checks?.error === null && checks.value?.every(({ status }) => status !== CheckStatus.FAILED)
    return passing === true ? intervals.checks : intervals.failingChecks
  }

  const part = <Name extends Part>(
    name: Name,
    read: () => Promise<NonNullable<BackupServerSnapshot[Name]['value']>>,
  ): Poll =>
    createPoll({
      at: `${name} of ${server}`,
      clock,
      intervalMs: name === 'checks' ? untilNextCheck : intervals[name],
      run: async () => {
        try {
          const value = await read()
          store.updateBackupServer(server, (whole) => ({ ...whole, [name]: seen(value, clock.now()) }))
        } catch (error) {
          store.updateBackupServer(server, (whole) => ({ ...whole, [name]: lost<unknown>(whole[name], error) }))
        }
      },
    })
  const polls: Readonly<Record<Part, Poll>> = {
    configuration: part('configuration', async () =>
      parseServerConfiguration(await reader.barman(['show-servers', server]), server),
    ),
    checks: part('checks', async () => parseChecks(await reader.barman(['check', server]), server)),
    backups: observeBackups({ server, store, reader, clock, intervalMs: intervals.backups }),
    wal: observeWal({ server, store, reader, clock, intervalMs: intervals.wal, onSegment }),
    incoming: part('incoming', async () => toIncoming(await reader.directories())),
    disk: part('disk', () => reader.disk()),
  }
  const all = Object.values(polls)

  const loseAll = (reason: string) => {
    const without = <T>(observed: Observed<T>) => lost(observed, `Barman cannot be reached: ${reason}`)
    store.updateBackupServer(server, ({ configuration, checks, backups, wal, incoming, disk, ...whose }) => ({
      ...whose,
      configuration: without(configuration),
      checks: without(checks),
      backups: without(backups),
      wal: without(wal),
      incoming: without(incoming),
      disk: without(disk),
    }))
  }
  const take = ({ event }: ReaderEvent) => {
    if (event === 'backups') void polls.backups.now()
    // The catalogue first: a segment that is filed is then seen twice for a moment, and never not at all.
    const filed = event === 'catalogue' ? polls.wal.now() : Promise.resolve()
    void filed.then(() => polls.incoming.now())
  }

  return {
    firstLooks: all.map((poll) => poll.firstLook),
    start: () => {
      // The first looks wait for the session, or for the news that there is none.
      void contact.opened.then(() => {
        for (const poll of all) poll.start()
      })
      reader.start({
        onConnected: () => {
          contact.open()
          for (const poll of all) void poll.now()
        },
        onLost: (reason) => {
          loseAll(reason)
          contact.open()
        },
        onEvent: take,
      })
    },
    stop: async () => {
      await Promise.all([reader.stop(), ...all.map((poll) => poll.stop())])
    },
    refreshBackups: async () => {
      await reader.reconnect()
      // The room that there is: what was removed has given some back.
      await Promise.all([polls.backups.now(), polls.disk.now()])
    },
    refreshChecks: async () => {
      await reader.reconnect()
      await polls.checks.now()
    },
    refreshWal: async () => {
      await reader.reconnect()
      await polls.wal.now()
      await polls.incoming.now()
      // A segment that was filed between these two looks was in neither.
      await polls.wal.now()
    },
  }
}

function toIncoming({ incoming, streaming }: BarmanDirectories): WalIncoming {
  const partial = streaming.filter(({ name }) => name.endsWith('.partial')).at(-1) ?? null
  const whole = streaming.filter(({ name }) => !name.endsWith('.partial'))
  return {
    // Whole streamed segments wait for Barman as well.
    incomingCount: incoming.length + whole.length,
    whole: [...incoming, ...whole].map(({ name, mtime }) => ({ name, modifiedAt: Timestamp.fromSeconds(mtime) })),
    streamingPartial: partial?.name ?? null,
    streamingModifiedAt: partial === null ? null : Timestamp.fromSeconds(partial.mtime),
  }
}
