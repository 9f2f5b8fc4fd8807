import { parseListBackups } from '../clients/barman/parse-backups.ts'
import type { DockerControl } from '../clients/docker/docker-control.ts'
import type { DockerExec } from '../clients/docker/docker-exec.ts'
import type { EtcdStore } from '../clients/etcd/etcd-store.ts'
import type { PatroniControl } from '../clients/patroni/patroni-control.ts'
import type { PostgresClient } from '../clients/postgres/postgres-client.ts'
import type { RunningProbe } from '../clients/postgres/write-probe.ts'
import type { ClusterSnapshot } from '../domain/cluster.ts'
import type { ClusterLayout } from '../domain/cluster-layout.ts'
import { HowdahError, NotFoundError, UnreachableError } from '../domain/errors.ts'
import type { ClusterClients } from '../operations/clients/cluster-clients.ts'
import type { Clock } from '../shared/clock.ts'
import { dcsCommands } from './dcs-commands.ts'
import { createDetachedRuns } from './detached-runs.ts'
import { patiently } from './patiently.ts'
import { patroniCommands } from './patroni-commands.ts'
import { serviceCommands } from './service-commands.ts'

/** `barman` ended with an exit code that says it did not do what it was asked. */
export class BarmanCommandError extends HowdahError {
  readonly code = 'BARMAN_COMMAND'
  constructor(
    readonly args: readonly string[],
    readonly exitCode: number,
    readonly output: string,
  ) {
    super(`barman ${args.join(' ')} ended with exit code ${exitCode}: ${output}`, { retryable: true })
  }
}

const BARMAN_USER = 'barman'
/** The role that Barman connects with: tells its base backups from those that make a replica. */
const BARMAN_APPLICATION = /^barman/

/** The means to change one cluster, for its steps. */
export function createClusterClients(deps: {
  readonly layout: ClusterLayout
  /** By Docker endpoint. */
  readonly dockerOf: (endpoint: string) => DockerExec
  readonly postgresOf: (node: string) => PostgresClient | undefined
  readonly controlOf: (endpoint: string) => DockerControl
  readonly patroni: PatroniControl
  readonly store: EtcdStore
  readonly startWriteProbe: () => RunningProbe
  readonly current: () => ClusterSnapshot
  readonly refreshBackups: (server: string) => Promise<void>
  readonly refreshNode: (node: string) => Promise<void>
  readonly clock: Clock
}): ClusterClients {
  const { layout, clock } = deps

  function barmanContainer(server: string) {
    const { service } = layout.backupServers.find(({ name }) => name === server) ?? {}
    const found = layout.services.find(({ name }) => name === service)
    if (found === undefined) throw new NotFoundError(`there is no backup server "${server}"`)
    return { container: found.container, docker: deps.dockerOf(found.docker), user: BARMAN_USER }
  }

  function leader(): PostgresClient {
    const name = deps.current().topology.value?.leader ?? null
    const client = name === null ? undefined : deps.postgresOf(name)
    if (client === undefined) throw new UnreachableError(`the leader of ${layout.name}`, 'nobody leads')
    return client
  }

  return {
    patroni: patroniCommands(deps.patroni),
    dcs: dcsCommands(deps.store, `${layout.namespace}${layout.name}/`),
    services: serviceCommands(layout, deps.controlOf, deps.dockerOf),
    writeProbe: { start: deps.startWriteProbe },
    refreshNode: deps.refreshNode,
    barman(server) {
      const { container, docker, user } = barmanContainer(server)
      const run = async (args: readonly string[], signal?: AbortSignal): Promise<string> => {
        const argv = ['barman', '-f', 'json', ...args]
        const { exitCode, stdout, stderr } = await docker.run({
          container,
          user,
          argv,
          timeoutMs: null,
          ...(signal ? { signal } : {}),
        })
        if (exitCode !== 0) throw new BarmanCommandError(args, exitCode, (stderr || stdout).trim())
        return stdout
      }
      const statusOf = async (backupId: string) => {
        const backups = parseListBackups(await run(['list-backups', server]), server)
        return backups.find((backup) => backup.backupId === backupId)?.status ?? null
      }
      return {
        runs: createDetachedRuns({ docker, container, user, clock }),
        async json(args, signal) {
          const stdout = await run(args, signal)
          return stdout.trim() === '' ? {} : (JSON.parse(stdout) as unknown)
        },
        backupStatus: (backupId) => patiently(`Barman in ${container}`, clock, () => statusOf(backupId)),
        deleteBackup: (backupId) =>
          patiently(`Barman in ${container}`, clock, async () => {
            // Asked again after an answer that was lost, Barman would know no such backup.
            if ((await statusOf(backupId)) !== null) await run(['delete', server, backupId])
          }),
      }
    },
    async readBaseBackupProgress() {
      const running = await leader().readBaseBackupProgress()
      return running.filter(({ applicationName }) => BARMAN_APPLICATION.test(applicationName))
    },
    readDatabaseBytes: () => leader().readDatabaseBytes(),
    checkpoint: (timeoutMs) => leader().checkpoint(timeoutMs),
    refreshBackups: deps.refreshBackups,
  }
}
