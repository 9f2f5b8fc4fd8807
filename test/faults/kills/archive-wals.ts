import type { KillCase } from '../../support/faults/kill-case.ts'
import { leaderSql } from '../../support/stack/sql.ts'
import { waitFor } from '../../support/wait-for.ts'

const killCase: KillCase = {
  input: async ({ facts }) => {
    // Otherwise Barman's own services would be first.
    await facts.exec('barman', ['sv', '-w', '30', 'down', 'cron', 'archive-wal'])
    // Where nothing was written since the last switch there is nothing to close, and the name is that of what is filed already.
    const closing = "SELECT pg_walfile_name(pg_switch_wal()) AS wal FROM pg_create_restore_point('archive')"
    const wal = (await leaderSql<{ wal: string }>(facts, closing))[0]?.wal ?? ''
    await waitFor(`${wal} to wait`, async () => {
      const waiting = await facts.exec('barman', ['find', '/data/pg-backup/patroni/incoming', '-name', wal])
      return waiting !== ''
    })
    return {}
  },
  restore: async ({ facts }) => void (await facts.exec('barman', ['sv', '-w', '30', 'up', 'cron', 'archive-wal'])),
}

export default killCase
