import { createBackup, untilEnd } from '../support/stack/operation-client.ts'
import { api, inContainer, median, ms, onLeader, printTable, SERVER, timed } from './support.ts'

const ROUNDS = 5
const TABLE = 'howdah_bench'

await onLeader(
  `CREATE TABLE ${TABLE} AS SELECT n, repeat(md5(n::text), 30) AS filling FROM generate_series(1, 1100000) AS n`,
)
const bare: number[] = []
const through: number[] = []
try {
  await settle()
  for (let round = 0; round < ROUNDS; round += 1) {
    // Turn about, so that neither always finds the warmer cache.
    const both = [bareBackup, apiBackup]
    for (const take of round % 2 === 0 ? both : both.reverse()) {
      await settle()
      await take()
      await deleteLatest()
    }
  }
} finally {
  await onLeader(`DROP TABLE ${TABLE}`)
}
await api.close()
const ratio = median(through.map((value, round) => value / (bare[round] ?? Number.NaN)))
printTable(
  ['FULL backup of 1.1 GB, without the wait for WAL', 'median', 'of', 'rounds'],
  [
    ['`docker exec barman barman backup`', ms(median(bare)), bare.map(ms).join(', '), String(ROUNDS)],
    [
      '`createBackup`, from the mutation to its last event',
      ms(median(through)),
      through.map(ms).join(', '),
      String(ROUNDS),
    ],
    ['ratio, median of the rounds', ratio.toFixed(3), '', ''],
  ],
)

async function bareBackup(): Promise<void> {
  bare.push(await timed(() => inContainer('barman', 'barman', 'backup', SERVER)))
}

async function apiBackup(): Promise<void> {
  through.push(
    await timed(async () => {
      const { operation, refusals } = await createBackup(api, { type: 'FULL', waitForWals: false })
      if (operation === null) throw new Error(refusals.map(({ message }) => message).join('; '))
      const ended = (await untilEnd(api, operation.id)).operation
      if (ended.status !== 'SUCCEEDED') throw new Error(ended.error?.message ?? ended.status)
    }),
  )
}

/** No archiving and no checkpoint of an earlier round in the way of the next: a backup's end waits for both. */
async function settle(): Promise<void> {
  await onLeader('CHECKPOINT')
  await inContainer('barman', 'barman', '-q', 'switch-wal', '--force', '--archive', '--archive-timeout', '120', SERVER)
  for (;;) {
    const { cluster } = await api.query<{
      cluster: { backupServer: { walArchive: { pendingSegments: number | null } } }
    }>('{ cluster { backupServer { walArchive { pendingSegments } } } }')
    if (cluster.backupServer.walArchive.pendingSegments === 0) return
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

async function deleteLatest(): Promise<void> {
  const answer = JSON.parse(await inContainer('barman', 'barman', '-f', 'json', 'list-backups', SERVER)) as Record<
    string,
    { backup_id: string }[]
  >
  const latest = answer[SERVER]
    ?.map(({ backup_id }) => backup_id)
    .sort()
    .at(-1)
  if (latest !== undefined) await inContainer('barman', 'barman', 'delete', SERVER, latest)
}
