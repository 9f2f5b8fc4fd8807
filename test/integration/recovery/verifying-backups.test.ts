import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesCheck } from '../../../src/operations/backups/verify-backup/verify-files.ts'
import { type RecoveredServer, startRecoveredServer } from './recovered-server.ts'

const BACKUP = '/tmp/backups/20261128T185946'
const OTHER = '/tmp/other'
/** As Barman lays a backup out: its tablespaces lie beside data/, and pg_tblspc leads there. */
const BACK_UP = `mkdir -p /tmp/live /tmp/backups/20261128T185946; psql -XqAt -h $(dirname $PWD)/run -p 54320 -U postgres \\
    -c "CREATE TABLESPACE fast LOCATION '/tmp/live'" -c 'CREATE TABLE t TABLESPACE fast AS SELECT generate_series(1, 1000) AS n'
  pg_basebackup -h $(dirname $PWD)/run -p 54320 -U postgres -c fast -X none -D ${BACKUP}/data -T /tmp/live=${BACKUP}/16384`

let server: RecoveredServer
beforeAll(async () => {
  server = await startRecoveredServer(['-k'])
  await server.shell(BACK_UP)
}, 120_000)
afterAll(async () => {
  await server.remove()
})

/** What the real pg_verifybackup comes to, of a copy of the backup to which this was done. */
async function judge(change: string) {
  const fresh = `chmod -R u+rwX ${OTHER} 2> /dev/null || true; rm -rf ${OTHER}; cp -a ${BACKUP} ${OTHER}; cd ${OTHER}/data; ${change}`
  const said = await server.shell(
    `${fresh}; code=0; LC_ALL=C pg_verifybackup -n ${OTHER}/data > /tmp/said 2>&1 || code=$?; echo "exit $code"; cat /tmp/said`,
  )
  const exitCode = Number(/^exit (\d+)$/m.exec(said)?.[1])
  const errors = said.split('\n').flatMap((line) => /^pg_verifybackup: error: (.+)$/.exec(line)?.[1] ?? [])
  return () => filesCheck('B', exitCode, errors)
}

const FILE = '$(find base/1 -name 1259)'
const cases: [string, string, 'OK' | 'FAILED' | 'VERIFICATION_BROKEN'][] = [
  ['a backup with a tablespace beside it', 'true', 'OK'],
  ['a file with other content', `printf X | dd of=${FILE} conv=notrunc 2> /dev/null`, 'FAILED'],
  ['a longer file', `printf X >> ${FILE}`, 'FAILED'],
  ['a file that is gone', `rm ${FILE}`, 'FAILED'],
  ['a file too many', 'touch extra', 'FAILED'],
  ['a tablespace without its link', 'rm pg_tblspc/*', 'FAILED'],
  ['a manifest with other content', `sed -i 's/"Size": 8192/"Size": 8193/' backup_manifest`, 'FAILED'],
  ['half a manifest', 'truncate -s 100 backup_manifest', 'FAILED'],
  ['no manifest', 'rm backup_manifest', 'VERIFICATION_BROKEN'],
  ['a file that it may not read', `chmod 0 ${FILE}`, 'VERIFICATION_BROKEN'],
  ['a directory that it may not read', 'chmod 0 base/1', 'VERIFICATION_BROKEN'],
  ['a link to a tablespace that leads nowhere', 'ln -sfn /nowhere pg_tblspc/16384', 'VERIFICATION_BROKEN'],
]
test.each(cases)('pg_verifybackup is taken at its word: %s', async (_, change, verdict) => {
  const judged = await judge(change)
  if (verdict === 'VERIFICATION_BROKEN') expect(judged).toThrow(expect.objectContaining({ code: verdict }))
  else expect(judged()).toMatchObject({ status: verdict })
})
