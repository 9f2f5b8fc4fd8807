import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { docker } from '../support/docker.ts'
import { allUpAgain } from '../support/faults/all-up-again.ts'
import { reportFault } from '../support/faults/fault-report.ts'
import { interruptCutOver, showConfiguration } from '../support/faults/interrupted-cut-over.ts'
import { crash, pidOf } from '../support/faults/truth.ts'
import { run } from '../support/run.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName, replicaName } from '../support/stack/cluster-facts.ts'
import { NODES, onEveryNode } from '../support/stack/every-node.ts'
import { targetMarker } from '../support/stack/marked-target.ts'
import {
  cancelOperation,
  type OperationView,
  operationEvents,
  performOperation,
  readOperation,
  requestOperation,
} from '../support/stack/operation-client.ts'
import { recoveryOf } from '../support/stack/recovery-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const REHEARSALS = '/var/lib/barman/recoveries'
const confirm = 'patroni'

const facts = stack()
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
  await leaderSql(facts, 'CREATE TABLE marker (n int PRIMARY KEY)')
})
afterAll(async () => {
  await leaderSql(facts, 'DROP TABLE marker')
  api.close()
})
afterEach(() => allUpAgain({ facts, api }))

const markTarget = targetMarker(facts, 'marker')

/** Follows an operation, through outages of Redis and API; does something when a step has begun. */
async function follow(id: string, step: string, inject: () => Promise<void>): Promise<OperationView> {
  let injected = false
  const ended = await waitFor(
    `${id} to end`,
    async () => {
      for await (const event of operationEvents(api, id)) {
        if (event.__typename !== 'StepStarted' || event.step !== step || injected) continue
        injected = true
        await inject()
      }
      return readOperation(api, id)
    },
    { timeoutMs: 420_000, intervalMs: 500 },
  )
  if (!injected) throw new Error(`${id} ended ${ended.status} and never began ${step}: ${ended.error?.message ?? ''}`)
  return ended
}

/** The marker's rows from `from` on, on every node: each has the cluster's data before, or the recovered. */
const markers = (from: number) =>
  onEveryNode(facts, async (name) => {
    const rows = await facts.sql(name, `SELECT n FROM marker WHERE n >= ${from} ORDER BY n`)
    return rows.split('\n').map(Number)
  })

async function leftovers(): Promise<string[]> {
  const found = await Promise.all(
    NODES.map((name) =>
      facts.exec(name, ['find', '/var/lib/postgresql/17', '-maxdepth', '1', '-name', '*.recovery-*']),
    ),
  )
  return found.flatMap((text) => text.split('\n')).filter((line) => line !== '')
}

type Inject = (facts: ReturnType<typeof stack>, node: string, operation: string) => Promise<void>

const killed =
  (service: (node: string) => string): Inject =>
  async (_, node) => {
    await facts.kill(service(node))
    // Docker only restarts what died by itself: this one is started a little later.
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    await facts.start(service(node))
  }
const barmanKilled = killed(() => 'barman')
const nodeKilled = killed((node) => node)
const etcdMemberLost = killed(() => 'etcd2')
const redisCrashed: Inject = () => crash(facts, 'redis')
const cancelled: Inject = async (_, __, operation) => {
  const { refusals } = await cancelOperation(api, operation)
  expect(refusals).toEqual([])
}

const inNode = (name: string, script: string) => facts.exec(name, ['sh', '-c', script])
/** A replica beside the target takes no signal any more that it could ignore. */
const replicaFrozen: Inject = async (_, node) => {
  const leader = await leaderName(api)
  const other = NODES.find((name) => name !== node && name !== leader) ?? ''
  await inNode(other, 'kill -STOP "$(head -n 1 "$PATRONI_POSTGRESQL_DATA_DIR/postmaster.pid")"')
}
/** However often it is woken, as runit does with every TERM: it sleeps again at once. */
const leadersPatroniFrozen: Inject = async () => {
  const leader = facts.container(await leaderName(api))
  const script = 'pid=$(pgrep -of /usr/bin/patroni); while kill -STOP "$pid"; do sleep 0.01; done'
  await docker('exec', '--detach', leader, 'sh', '-c', script)
}
/** A shutdown checkpoint waits for it, until the operation has said so. */
const walSenderFrozen: Inject = async (_, __, operation) => {
  const leader = await leaderName(api)
  const signal = (name: string) => inNode(leader, `pkill -${name} -f '^postgres: .*walsender barman'`)
  await signal('STOP')
  try {
    for await (const { message } of operationEvents(api, operation)) {
      if (/is stopping: .*walsender barman/.test(message)) return
    }
    throw new Error(`${operation} ended without a word of what it waited for`)
  } finally {
    await signal('CONT')
  }
}

describe('a recovery of the cluster, cut over by itself, ends with all nodes on the recovered data or all on the old', () => {
  test.each<[string, string, Inject, string[]]>([
    ['Barman killed', 'restore-backup', barmanKilled, ['SUCCEEDED', 'FAILED']],
    ['Barman killed', 'replay-wal', barmanKilled, ['SUCCEEDED', 'FAILED']],
    ['Barman killed', 'drain-archive', barmanKilled, ['SUCCEEDED', 'FAILED']],
    ['Barman killed', 'stop-cluster', barmanKilled, ['SUCCEEDED', 'FAILED']],
    ['target node killed', 'replay-wal', nodeKilled, ['SUCCEEDED', 'FAILED']],
    ['target node killed', 'promote-copy', nodeKilled, ['SUCCEEDED', 'FAILED']],
    ['target node killed', 'swap-data', nodeKilled, ['SUCCEEDED', 'FAILED']],
    ['target node killed', 'start-target', nodeKilled, ['SUCCEEDED', 'FAILED', 'INTERRUPTED']],
    ['target node killed', 'rejoin-replicas', nodeKilled, ['SUCCEEDED']],
    ['one of two etcd members lost', 'swap-data', etcdMemberLost, ['SUCCEEDED', 'FAILED']],
    ['one of two etcd members lost', 'start-target', etcdMemberLost, ['SUCCEEDED', 'FAILED']],
    ['Redis kill -9', 'replay-wal', redisCrashed, ['SUCCEEDED']],
    ['Redis kill -9', 'stop-cluster', redisCrashed, ['SUCCEEDED']],
    ['Redis kill -9', 'start-target', redisCrashed, ['SUCCEEDED']],
    ['a replica frozen', 'drain-archive', replicaFrozen, ['SUCCEEDED']],
    ["the leader's Patroni frozen", 'drain-archive', leadersPatroniFrozen, ['SUCCEEDED']],
    ["Barman's WAL sender frozen", 'drain-archive', walSenderFrozen, ['SUCCEEDED']],
    ['cancelled', 'restore-backup', cancelled, ['CANCELLED']],
    ['cancelled', 'verify-copy', cancelled, ['CANCELLED']],
    ['cancelled', 'stop-cluster', cancelled, ['CANCELLED']],
    ['cancelled', 'swap-data', cancelled, ['CANCELLED', 'SUCCEEDED']],
  ])('%s in %s', async (fault, step, inject, allowed) => {
    const { target, before, behind } = await markTarget(api)
    const node = await replicaName(api)
    const input = { target, node, cutOver: 'AUTOMATIC', confirm }
    const { operation, refusals } = await requestOperation(api, 'recoverCluster', input)
    expect(refusals).toEqual([])
    const id = operation?.id ?? ''
    const ended = await follow(id, step, () => inject(facts, node, id))
    const why = ended.error === null ? '' : ` (${ended.error.code}: ${ended.error.message})`
    expect(allowed, `${ended.status}${why}`).toContain(ended.status)
    await waitForNothingRunning(api)
    await waitForHealthyCluster(api)
    const { status, downtimeSeconds } = await recoveryOf(api, id.replace('Operation:', 'Recovery:'))
    const recovered = ended.status === 'SUCCEEDED' || (ended.status === 'INTERRUPTED' && status === 'COMPLETED')
    const expected = recovered ? [before] : [before, behind]
    expect(await markers(before)).toEqual(NODES.map(() => expected))
    expect(['COMPLETED', 'FAILED', 'DISCARDED']).toContain(status)
    expect(await leftovers()).toEqual([])
    // Not measured: nothing could be written when the cluster was about to be stopped.
    const outage = downtimeSeconds === null ? 'writes had failed before' : `writes failed for ${downtimeSeconds} s`
    await reportFault({
      fault,
      done: `recoverCluster, step ${step}`,
      seen: `${ended.status}${ended.error === null ? '' : ` (${ended.error.code})`}; recovery ${status}; every node has ${recovered ? `the recovered data, ${outage}` : 'what it had'}`,
    })
  })

  test('cannot be cancelled after its point of no return', async () => {
    const { target, before } = await markTarget(api)
    const input = { target, node: await replicaName(api), cutOver: 'AUTOMATIC', confirm }
    const { operation } = await requestOperation(api, 'recoverCluster', input)
    const id = operation?.id ?? ''
    let answer = ''
    const ended = await follow(id, 'rejoin-replicas', async () => {
      expect((await readOperation(api, id))?.cancellable).toBe(false)
      answer = (await cancelOperation(api, id)).refusals.map(({ message }) => message).join('; ')
    })
    expect(ended.status).toBe('SUCCEEDED')
    expect(answer.length).toBeGreaterThan(10)
    expect(await markers(before)).toEqual(NODES.map(() => [before]))
    await reportFault({ fault: 'cancelled', done: 'recoverCluster, behind start-target', seen: `refused: ${answer}` })
  })
})

describe('a cut-over whose worker is killed while etcd loses its quorum is settled once etcd is back', {
  timeout: 900_000,
}, () => {
  // The other steps: test/stack/recovery-dead-ends.test.ts.
  test.each([
    // Killed before it had written that it cuts over, it waits for its cut-over.
    ['promote-copy', ['FAILED', 'READY']],
    ['drain-archive', ['FAILED']],
    ['start-target', ['FAILED', 'COMPLETED']],
    ['settle-recovery', ['COMPLETED']],
    ['resume-archive', ['COMPLETED']],
  ])('in %s', async (step, allowed) => {
    const { target, before, behind } = await markTarget(api)
    const input = { target, node: await replicaName(api), cutOver: 'AUTOMATIC' }
    const id = await interruptCutOver({ facts, api }, step, 'recoverCluster', input)
    await facts.start('etcd2')
    const recovery = id.replace('Operation:', 'Recovery:')
    const status = await waitFor(
      `${recovery} to be settled`,
      async () => {
        const now = (await recoveryOf(api, recovery)).status
        return allowed.includes(now) ? now : null
      },
      { timeoutMs: 300_000, intervalMs: 500 },
    )
    await waitForNothingRunning(api)
    await waitForHealthyCluster(api)
    const recovered = status === 'COMPLETED'
    expect(await markers(before)).toEqual(NODES.map(() => (recovered ? [before] : [before, behind])))
    if (status === 'READY') await performOperation(api, 'discardRecovery', { recovery })
    expect(await leftovers()).toEqual([])
    expect(await showConfiguration(facts)).not.toContain('check_timeline')
    await reportFault({
      fault: 'worker killed, and etcd without a quorum for longer than its lock is waited for',
      done: `recoverCluster, step ${step}`,
      seen: `INTERRUPTED; settled by itself: recovery ${status}, every node has ${recovered ? 'the recovered data' : 'what it had'}`,
    })
  })
})

describe('a rehearsal whose disk fills up', () => {
  test.each([
    ['restore-backup', 'RESTORE_FAILED'],
    ['replay-wal', 'DISK_FULL'],
  ])('in %s ends FAILED with %s, and leaves nothing', async (step, code) => {
    const { target } = await markTarget(api)
    const disk = await mountSmallDisk()
    let ended: OperationView
    try {
      const { operation, refusals } = await requestOperation(api, 'rehearseRecovery', { target })
      expect(refusals).toEqual([])
      ended = await follow(operation?.id ?? '', step, disk.fill)
      expect(ended).toMatchObject({ status: 'FAILED', error: { code } })
      expect(
        await facts.exec('barman', ['find', REHEARSALS, '-mindepth', '1', '-name', '*-*', '-not', '-name', 'filler']),
      ).toBe('')
    } finally {
      await disk.remove()
    }
    await reportFault({
      fault: 'disk full',
      done: `rehearseRecovery, step ${step}`,
      seen: `${ended.status} (${ended.error?.code}); nothing left`,
    })
  })
})

/**
 * A small disk in the place of the rehearsals', large enough for the copy until it is filled up. Mounted for the machine and for
 * Barman's container alike: what is mounted in one container alone is not there for a sandbox beside it.
 */
async function mountSmallDisk() {
  const folder = await mkdtemp(join(tmpdir(), 'howdah-disk-'))
  const image = join(folder, 'image')
  await run('truncate', '--size', '1500M', image)
  await run('mkfs.ext4', '-q', image)
  const device = (await run('losetup', '--find', '--show', image)).trim()
  const pid = String(await pidOf(facts, 'barman'))
  const inside = (...command: string[]) => run('nsenter', '--target', pid, '--mount', '--pid', '--', ...command)
  await facts.exec('barman', ['mkdir', '-p', REHEARSALS], 'barman')
  const source = '{{range .Mounts}}{{if eq .Destination "/var/lib/barman"}}{{.Source}}{{end}}{{end}}'
  const volume = await docker('inspect', '--format', source, facts.container('barman'))
  const place = `${volume}/recoveries`
  await run('mount', device, place)
  await inside(
    'sh',
    '-c',
    `[ -e ${device} ] || mknod ${device} b 7 ${device.replace('/dev/loop', '')}; mount ${device} ${REHEARSALS}`,
  )
  await facts.exec('barman', ['install', '-d', '-m', '0700', '-o', 'barman', '-g', 'barman', REHEARSALS], 'root')
  return {
    fill: async () => {
      // At once, because a small backup is restored in a second; what is left is enough to make its directories.
      const free = `$(df --output=avail -B1 ${REHEARSALS} | tail -n 1)`
      await inside('sh', '-c', `fallocate -l "$(( ${free} - 2000000 ))" ${REHEARSALS}/filler`)
    },
    remove: async () => {
      await inside('umount', '--lazy', REHEARSALS)
      await run('umount', '--lazy', place)
      await run('losetup', '--detach', device)
      await rm(folder, { recursive: true })
    },
  }
}
