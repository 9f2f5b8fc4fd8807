import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startWriteProbe } from '../../src/clients/postgres/write-probe.ts'
import { RecoveryStatus } from '../../src/domain/recovery/recovery.ts'
import { parseLsn } from '../../src/domain/wal/lsn.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { readBackups } from '../support/stack/backup-client.ts'
import { readLeadership } from '../support/stack/leadership.ts'
import { recoveryOf, untilBackedUp } from '../support/stack/recovery-client.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { api, inContainer, ms, onLeader, perform, printTable, removeAll, SERVER, takeBackup, timed } from './support.ts'

const SIZES = (process.env['HOWDAH_BENCH_GIB'] ?? '1,5').split(',').map(Number)
const TABLE = 'howdah_bench'
/** Eight of them fill a page. */
const ROWS_PER_GIB = 1024 ** 2
/** Changed between backup and restore point, whatever the size, so that there is something to replay. */
const CHANGED_ROWS = 100_000
const FOLLOW_UP_MS = 900_000

interface Details {
  readonly backup: { readonly clusterSizeBytes: number; readonly beginLsn: string }
  readonly reached: { readonly lsn: string }
  readonly restoreSeconds: number
  readonly replaySeconds: number
  readonly operation: {
    readonly steps: readonly { readonly name: string; readonly startedAt: string; readonly finishedAt: string }[]
  }
}

/** Milliseconds. */
interface Measured {
  readonly gib: number
  readonly details: Details
  /** Before and after the restore. */
  readonly bare: readonly number[]
  readonly recovering: number
  readonly cutOver: { readonly duration: number; readonly outage: number }
  /** As cutOverRecovery has measured it; seconds. */
  readonly downtimeSeconds: number | null
  readonly undo: { readonly duration: number; readonly outage: number }
}

const password = (await readFile(join(process.env['HOWDAH_SECRETS_DIR'] ?? '', 'howdah_password'), 'utf8')).trim()
const port = Number(process.env['HOWDAH_HAPROXY_PORT'])
await settle()
// Who leads now leads after each cut-over too: what is recovered on this node takes over here, and is undone here.
const node = (await readLeadership(api)).leader
const live = (await inContainer(node, 'printenv', 'PATRONI_POSTGRESQL_DATA_DIR')).trim()
const before = new Set((await readBackups(api)).map(({ backupId }) => backupId))
const measured: Measured[] = []
try {
  for (const gib of SIZES) measured.push(await measure(gib))
} finally {
  print()
  await api.close()
}

async function measure(gib: number): Promise<Measured> {
  let recovery = ''
  try {
    await onLeader(`DROP TABLE IF EXISTS ${TABLE}`)
    await onLeader(`CREATE TABLE ${TABLE} AS SELECT n, repeat(md5(random()::text), 30) AS filling
      FROM generate_series(1, ${Math.round(gib * ROWS_PER_GIB)}) AS n`)
    await onLeader(`ALTER TABLE ${TABLE} ADD PRIMARY KEY (n)`)
    await archiveAll()
    const backup = await takeBackup()
    const name = `${TABLE}_${Date.now()}`
    await onLeader(`UPDATE ${TABLE} SET filling = reverse(filling) WHERE n <= ${CHANGED_ROWS}`)
    await onLeader(`SELECT pg_create_restore_point('${name}')`)
    // What the cut-over gives up, and its undo brings back.
    await onLeader(`DELETE FROM ${TABLE} WHERE n <= 1000`)
    await archiveAll()

    const bare = [await bareCopy(backup)]
    const recovering = await timed(async () => {
      const { id } = await perform('recoverCluster', { target: { name }, backup, node, cutOver: 'MANUAL' })
      recovery = id.replace('Operation:', 'Recovery:')
    })
    const details = await detailsOf(recovery)
    bare.push(await bareCopy(backup))
    const cutOver = await underWrites('cutOverRecovery', recovery)
    const { downtimeSeconds } = await recoveryOf(api, recovery)
    const undo = await underWrites('undoRecovery', recovery)
    return { gib, details, bare, recovering, cutOver, downtimeSeconds, undo }
  } finally {
    await removeAll(() => clean(recovery))
  }
}

async function settle(): Promise<void> {
  await waitForHealthyCluster(api)
  await waitForBackups(api)
}

async function archiveAll(): Promise<void> {
  await perform('switchWal', { force: true, timeoutSeconds: 3600 })
}

/** The backup's files, over SSH to the node's volume: what a restore cannot do without. */
async function bareCopy(backup: string): Promise<number> {
  const target = `${live}.bench-recovery`
  const source = `/data/pg-backup/${SERVER}/base/${backup}/data/`
  const remove = () => inContainer(node, 'rm', '-rf', target)
  // A run that was killed may have left it, and what is there is not copied.
  await remove()
  try {
    return await timed(() => inContainer('barman', 'rsync', '-a', source, `postgres@${node}:${target}/`))
  } finally {
    await remove()
  }
}

/** The operation, while an application writes every 50 ms through HAProxy; then the backup that follows it. */
async function underWrites(kind: string, recovery: string): Promise<Measured['cutOver']> {
  await settle()
  const target = { host: '127.0.0.1', port, user: 'howdah', password }
  const probe = startWriteProbe({ target, clock: systemClock })
  try {
    await probe.ready
    let id = ''
    const duration = await timed(async () => {
      id = (await perform(kind, { recovery })).id
    })
    await probe.untilWritable(60_000)
    const outage = (await probe.stop()).seconds * 1000
    await untilBackedUp(api, id, FOLLOW_UP_MS)
    return { duration, outage }
  } finally {
    await probe.stop()
  }
}

async function detailsOf(id: string): Promise<Details> {
  const query = `query ($id: ID!) { node(id: $id) { ... on Recovery { backup { clusterSizeBytes beginLsn } reached { lsn }
    restoreSeconds replaySeconds operation { steps { name startedAt finishedAt } } } } }`
  return (await api.query<{ node: Details }>(query, { id })).node
}

async function clean(recovery: string): Promise<void> {
  const status = recovery === '' ? null : (await recoveryOf(api, recovery)).status
  // What is kept is then the cluster itself, as it was before: no measurement throws that away.
  if (status === RecoveryStatus.COMPLETED) throw new Error(`${recovery} was cut over and is not undone: undoRecovery`)
  if (status === RecoveryStatus.READY || status === RecoveryStatus.UNDONE)
    await perform('discardRecovery', { recovery, previousData: true })
  await settle()
  await onLeader(`DROP TABLE IF EXISTS ${TABLE}`)
  // The timeline that the undo has made keeps a base backup of its own: a small one, without the table.
  const kept = await takeBackup()
  for (const { backupId } of await readBackups(api)) {
    if (!before.has(backupId) && backupId !== kept) await perform('deleteBackup', { backupId })
  }
}

function print(): void {
  const row = (what: string, cell: (each: Measured) => string) => [what, ...measured.map(cell)]
  const replayed = ({ backup, reached }: Details) => Number(parseLsn(reached.lsn) - parseLsn(backup.beginLsn)) / 1e6
  const verifying = ({ operation }: Details) => {
    const step = operation.steps.find(({ name }) => name === 'verify-copy')
    return Date.parse(step?.finishedAt ?? '') - Date.parse(step?.startedAt ?? '')
  }
  printTable(
    ['recovery on the node that leads', ...measured.map(({ gib }) => `${gib} GiB`)],
    [
      row('data directory', ({ details }) => `${(details.backup.clusterSizeBytes / 1e9).toFixed(2)} GB`),
      row('restore', ({ details }) => ms(details.restoreSeconds * 1000)),
      row('bare `rsync -a` of the same files over SSH, before and after', ({ bare }) => bare.map(ms).join(', ')),
      row('ratio to the faster', (each) => ((each.details.restoreSeconds * 1000) / Math.min(...each.bare)).toFixed(2)),
      row('replay, the start of PostgreSQL included', ({ details }) => ms(details.replaySeconds * 1000)),
      row('WAL replayed', ({ details }) => `${replayed(details).toFixed(0)} MB`),
      row('verification', ({ details }) => ms(verifying(details))),
      row('`recoverCluster`, from the mutation to its last event', ({ recovering }) => ms(recovering)),
      row('`cutOverRecovery`, from the mutation to its last event', ({ cutOver }) => ms(cutOver.duration)),
      row('writes failed in the cut-over', ({ cutOver }) => ms(cutOver.outage)),
      row('the same, as the operation measured it', (each) => ms((each.downtimeSeconds ?? Number.NaN) * 1000)),
      row('`undoRecovery`, from the mutation to its last event', ({ undo }) => ms(undo.duration)),
      row('writes failed in the undo', ({ undo }) => ms(undo.outage)),
    ],
  )
}
