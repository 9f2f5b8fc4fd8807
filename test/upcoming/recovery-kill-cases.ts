import { type KillCase, perform, replica, type World } from '../support/kill-cases.ts'
import { dataDirectory, makeReadyRecovery } from '../support/ready-recovery.ts'
import { leaderSql } from '../support/sql.ts'
import { waitForHealthyCluster, waitForNothingRunning } from '../support/stack-conditions.ts'

const confirm = 'patroni'

async function readyRecovery(world: World): Promise<string> {
  await waitForNothingRunning(world.api)
  const point = `kill_${Date.now()}`
  await leaderSql(world.facts, `SELECT pg_create_restore_point('${point}')`)
  await leaderSql(world.facts, 'SELECT pg_switch_wal()')
  return (await makeReadyRecovery(world.facts, await replica(world), point)).id
}

/** What cut overs keep, and what one that was rolled back leaves of a copy made by hand. */
async function removeRecovered({ api, facts }: World): Promise<void> {
  await waitForNothingRunning(api)
  for (const node of ['db1', 'db2', 'db3', 'db4']) {
    const script = 'rm -rf "$1".previous-* "$1".recovery-*'
    await facts.exec(node, ['sh', '-c', script, 'sh', dataDirectory(node)], 'postgres')
  }
}

/** For KILL_CASES, once these kinds are offered. */
export const RECOVERY_KILL_CASES: Readonly<Record<string, KillCase>> = {
  cutOverRecovery: {
    input: async (world) => ({ recovery: await readyRecovery(world), confirm }),
    restore: removeRecovered,
  },
  undoRecovery: {
    input: async (world) => {
      const recovery = await readyRecovery(world)
      await perform(world, 'cutOverRecovery', { recovery, confirm })
      await waitForHealthyCluster(world.api)
      await waitForNothingRunning(world.api)
      return { recovery, confirm }
    },
    restore: removeRecovered,
  },
}
