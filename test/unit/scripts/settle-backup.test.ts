import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, expect, test } from 'vitest'

const AGENT = resolve(import.meta.dirname, '../../../docker/agent')
/** The program with Barman's directories somewhere else. */
const PROGRAM = `
import sys
sys.dont_write_bytecode = True
sys.path[:0] = [sys.argv[1]]
from howdah.barman import server, settle_backup
server.CONFIGURATION = [sys.argv[2]]
sys.argv = ["howdah-settle-backup", *sys.argv[3:]]
settle_backup.main()
`

let home = ''
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'settle-backup-'))
  await put('barman.conf', `[barman]\nbarman_home = ${home}\n[patroni]\n`)
  return () => rm(home, { recursive: true })
})

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(home, file)), { recursive: true })
  await writeFile(join(home, file), text)
}

/** A backup with links for these tablespaces, of which backup.info names some. */
async function backupOf(
  id: string,
  links: readonly string[],
  named: readonly string[],
  changes: Record<string, string> = {},
) {
  const tablespaces =
    named.length === 0 ? 'None' : `[${named.map((oid) => `('ts${oid}', ${oid}, '/v/${oid}')`).join(', ')}]`
  const info = { status: 'DONE', tablespaces, parent_backup_id: 'None', ...changes }
  await put(
    `patroni/meta/${id}-backup.info`,
    Object.entries(info)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  const directory = join(home, `patroni/base/${id}/data/pg_tblspc`)
  await mkdir(directory, { recursive: true })
  for (const oid of links) await symlink(`/nowhere/${oid}`, join(directory, oid))
  // In place: a directory of the data.
  await mkdir(join(directory, '999'))
}

const linksOf = (id: string) => readdir(join(home, `patroni/base/${id}/data/pg_tblspc`))

function settle(args: readonly string[], env: Record<string, string> = {}) {
  const argv = ['-c', PROGRAM, AGENT, join(home, 'barman.conf'), ...args]
  return promisify(execFile)('python3', argv, { env: { ...process.env, ...env } })
}

test('a link to what was made while the backup was taken goes, in those that it builds on too; the rest stays', async () => {
  await backupOf('20261128T100000', ['1', '2'], ['1'])
  await backupOf('20261128T110000', ['1', '3'], ['1'], { parent_backup_id: '20261128T100000' })
  const marker = join(home, 'ran')
  const { stderr } = await settle(['patroni', '20261128T110000', 'touch', marker])
  expect(await linksOf('20261128T100000')).toEqual(['1', '999'])
  expect(await linksOf('20261128T110000')).toEqual(['1', '999'])
  expect(stderr).toMatch(/20261128T110000: tablespace 3 \(\/nowhere\/3\)/)
  expect(await readFile(marker, 'utf8')).toBe('')
})

test("as Barman's own script it settles the backup that has just been made", async () => {
  await backupOf('20261128T100000', ['1'], [])
  await settle([], { BARMAN_SERVER: 'patroni', BARMAN_BACKUP_ID: '20261128T100000' })
  expect(await linksOf('20261128T100000')).toEqual(['999'])
})

test('of a backup that failed nothing is known: it stays as it is', async () => {
  await backupOf('20261128T100000', ['1'], [], { status: 'FAILED' })
  await settle([], { BARMAN_SERVER: 'patroni', BARMAN_BACKUP_ID: '20261128T100000' })
  expect(await linksOf('20261128T100000')).toEqual(['1', '999'])
})
