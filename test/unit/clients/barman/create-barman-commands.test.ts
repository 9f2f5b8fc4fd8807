import { describe, expect, test } from 'vitest'
import { createBarmanCommands } from '../../../../src/clients/barman/create-barman-commands.ts'
import { KeepTarget } from '../../../../src/domain/backup/backup.ts'
import { CheckStatus } from '../../../../src/domain/check.ts'
import { systemClock } from '../../../../src/shared/clock.ts'

/** Barman 3.13.3, by what it said. */
function barmanSaying(stdout: string, exitCode = 0, stderr = '') {
  const asked: string[] = []
  const docker = {
    run: async ({ argv }: { argv: readonly string[] }) => {
      asked.push(argv.join(' '))
      return { exitCode, stdout, stderr }
    },
  }
  const commands = createBarmanCommands({
    docker,
    container: 'barman',
    user: 'barman',
    server: 'patroni',
    clock: systemClock,
  })
  return { asked, commands }
}

const UNKNOWN = JSON.stringify({ _ERROR: ["Unknown backup '20261122T215734' for server 'patroni'"] })

describe('Barman in its container', () => {
  test.each([
    ['nokeep', null],
    ['full', KeepTarget.FULL],
    ['standalone', KeepTarget.STANDALONE],
  ])('says what a backup is kept for: %s', async (message, target) => {
    const said = { patroni: { keep_status: { description: 'Keep', message } } }
    const { asked, commands } = barmanSaying(JSON.stringify(said))
    expect(await commands.keepTarget('20261122T215702')).toBe(target)
    expect(asked).toEqual(['barman -f json keep --status patroni 20261122T215702'])
  })

  test('keeps and releases', async () => {
    const { asked, commands } = barmanSaying('{}')
    await commands.keep('20261122T215702', KeepTarget.STANDALONE)
    await commands.keep('20261122T215702', null)
    expect(asked).toEqual([
      'barman -f json keep --target standalone patroni 20261122T215702',
      'barman -f json keep --release patroni 20261122T215702',
    ])
  })

  test('knows a backup that is not there from one that it cannot tell of, and asks once', async () => {
    const { asked, commands } = barmanSaying(UNKNOWN, 1)
    expect(await commands.showBackup('20261122T215734')).toBeNull()
    await expect(commands.keepTarget('20261122T215734')).rejects.toMatchObject({ code: 'NOT_FOUND', retryable: false })
    expect(asked).toHaveLength(2)
  })

  test.each([
    ["The WAL file 00000001000000000000000C has been closed on server 'patroni'", '00000001000000000000000C'],
    ["No switch required for server 'patroni'", null],
  ])('names the segment that was closed: %s', async (said, segment) => {
    const { commands } = barmanSaying(JSON.stringify({ _INFO: [said] }))
    expect(await commands.switchWal({ force: false })).toBe(segment)
  })

  test('does not take a switch that did not happen for one that was not needed', async () => {
    const { asked, commands } = barmanSaying(
      JSON.stringify({ _INFO: ["No switch performed because server 'patroni' is a standby."] }),
    )
    await expect(commands.switchWal({ force: true })).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER' })
    expect(asked).toEqual(['barman -f json switch-wal --force patroni'])
  })

  test('answers its checks although it exits with 1 when one fails', async () => {
    const said = { patroni: { ssh: { hint: 'refused', status: 'FAILED' }, wal_level: { hint: '', status: 'OK' } } }
    const { commands } = barmanSaying(JSON.stringify(said), 1)
    expect(await commands.check()).toMatchObject([{ name: 'ssh', status: CheckStatus.FAILED }, { status: 'OK' }])
  })

  test('says in an error what Barman said, without the dump of its record', async () => {
    const dump = 'Cannot delete backup (patroni LocalBackupInfo(backup_label="\'START (x)", version=170011))'
    const { commands } = barmanSaying(JSON.stringify({ _WARNING: ['Skipping delete'], _ERROR: [dump] }), 1)
    await expect(commands.json(['delete', 'patroni', 'x'])).rejects.toThrow(
      'barman delete patroni x ended with exit code 1: Skipping delete; Cannot delete backup',
    )
  })

  test('lists whole files only', async () => {
    const { asked, commands } = barmanSaying('b\na\n')
    expect(await commands.listFiles(['/in', '/streaming'])).toEqual(['a', 'b'])
    expect(asked[0]).toContain('find /in /streaming -maxdepth 1 -type f ! -name .*')
  })
})
