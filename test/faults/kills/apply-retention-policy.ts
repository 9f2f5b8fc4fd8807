import { backupOf, confirm, type KillCase } from '../../support/faults/kill-case.ts'
import { readBackups, waitForCatalogue } from '../../support/stack/backup-client.ts'

const BARMAN_CONFIGURATION = '/etc/barman.d/cluster.conf'

const killCase: KillCase = {
  input: async (world) => {
    // Otherwise Barman's own cron would be first.
    await world.facts.exec('barman', ['sv', '-w', '30', 'down', 'cron'])
    await world.facts.exec('barman', ['cp', BARMAN_CONFIGURATION, '/tmp/cluster.conf'])
    // A few that go are enough: each takes seconds.
    const kept = Math.max(1, (await readBackups(world.api)).length - 1)
    const redundancy = `s/^retention_policy *=.*/retention_policy = REDUNDANCY ${kept}/`
    await world.facts.exec('barman', ['sed', '-i', redundancy, BARMAN_CONFIGURATION])
    const newest = await backupOf(world)
    await waitForCatalogue(world.api, 'older backups to be obsolete', (all) =>
      all.some(({ backupId, retentionStatus }) => backupId !== newest && retentionStatus === 'OBSOLETE'),
    )
    return { confirm }
  },
  restore: async ({ facts }) => {
    const script = `cat /tmp/cluster.conf > ${BARMAN_CONFIGURATION}; rm /tmp/cluster.conf`
    await facts.exec('barman', ['sh', '-c', script])
    await facts.exec('barman', ['sv', '-w', '30', 'up', 'cron'])
  },
}

export default killCase
