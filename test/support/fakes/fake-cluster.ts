import type { ClusterClients } from '../../../src/clients/cluster-clients.ts'
import type { PatroniAnswer, PatroniCommands } from '../../../src/clients/patroni/patroni-commands.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState } from '../../../src/domain/cluster/node.ts'
import type { OperationRecord } from '../../../src/domain/operation/operation.ts'
import type { StepContext } from '../../../src/operations/context.ts'
import { clusterOf, memberOf, nodeOf, patroniStatus, postgresStatus, topologyOf } from '../builders/cluster.ts'
import { layout } from '../builders/layout.ts'
import { NOW, seen } from '../builders/observed.ts'
import { FakeNodeData } from './fake-node-data.ts'
import { FakeRecoveries } from './fake-recoveries.ts'
import { fakeStepContext } from './fake-step-context.ts'

export interface FakeNode {
  startedAt: Date
  state: NodeState
  /** Of the base backup that its data came from. */
  manifest: string | null
  pendingRestart: boolean
  pendingRestartReasons: Readonly<Record<string, unknown>> | null
}

export interface FakeFileSetting {
  readonly setting: string
  readonly file: string
  readonly applied?: boolean
  readonly error?: string
}

/** A cluster of three that does what the test's Patroni makes of it, in a time of its own. */
export class FakeCluster {
  leader: string | null = 'db1'
  configuration: Record<string, unknown> = {}
  readonly nodes = new Map<string, FakeNode>(
    ['db1', 'db2', 'db3'].map((name) => [
      name,
      {
        startedAt: NOW,
        state: name === 'db1' ? NodeState.RUNNING : NodeState.STREAMING,
        manifest: `a${name}`,
        pendingRestart: false,
        pendingRestartReasons: null,
      },
    ]),
  )
  /** "restart db2": what Patroni was asked, in order. */
  readonly asked: string[] = []
  readonly lines: string[] = []
  readonly recoveries = new FakeRecoveries()
  /** When any PostgreSQL last read its configuration. */
  loadedAt = NOW
  /** What PostgreSQL on a node says of an option "work_mem=lots" that it does not take; null: it takes it. */
  refusesOption: (node: string, option: string) => string | null = () => null
  /** Entries of a node's configuration files that are not as the dynamic configuration has them. */
  readonly fileSettings = new Map<string, Record<string, FakeFileSetting | null>>()
  /** What a node's PostgreSQL runs with, as it writes it itself. */
  readonly running = new Map<string, Record<string, string>>()
  /** Who has noticed a pause. */
  readonly noticed = new Set<string>()
  state: Record<string, unknown> = {}
  timeMs = NOW.getTime()
  /** Called with every look at the clock that waits. */
  onSleep: () => void = () => {}

  node(name: string): FakeNode {
    const found = this.nodes.get(name)
    if (found === undefined) throw new Error(`no ${name}`)
    return found
  }

  restart(name: string): void {
    this.timeMs += 1000
    this.node(name).startedAt = new Date(this.timeMs)
  }

  /** A program in a node's container: PostgreSQL that tries options, or psql. */
  async runs(node: string, argv: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    if (argv[0] === 'postgres') {
      const options = argv.filter((_, place) => argv[place - 1] === '-c')
      const said = options.map((option) => this.refusesOption(node, option)).find((words) => words !== null)
      if (said) return { exitCode: 1, stdout: '', stderr: `now [1] FATAL:  ${said}` }
      return { exitCode: 0, stdout: `${options[0]?.split('=')[1] ?? ''}\n`, stderr: '' }
    }
    const answer = argv.at(-1)?.includes('pg_file_settings') ? this.entriesOf(node) : this.runningOf(node)
    return { exitCode: 0, stdout: JSON.stringify(answer), stderr: '' }
  }

  /** As pg_settings has them. */
  runningOf(node: string): readonly object[] {
    return Object.entries(this.running.get(node) ?? {}).map(([name, running]) => ({
      name,
      running,
      needsRestart: false,
    }))
  }

  entriesOf(node: string): readonly object[] {
    const { parameters = {} } = (this.configuration['postgresql'] ?? {}) as { parameters?: Record<string, unknown> }
    const written = Object.entries(parameters).map(([name, value]) => [
      name.toLowerCase(),
      { setting: String(value), file: '/data/postgresql.conf' },
    ])
    const entries = { ...Object.fromEntries(written), ...this.fileSettings.get(node) } as Record<
      string,
      FakeFileSetting | null
    >
    return Object.entries(entries).flatMap(([name, entry]) =>
      entry === null ? [] : [{ name, line: 1, applied: true, error: null, ...entry }],
    )
  }

  snapshot(): ClusterSnapshot {
    const leads = (name: string) => name === this.leader
    const roleOf = (name: string) => (leads(name) ? NodeRole.LEADER : NodeRole.REPLICA)
    const nodes = [...this.nodes].map(([name, { startedAt, state, pendingRestart, pendingRestartReasons }]) =>
      nodeOf(name, {
        patroni: seen(
          patroniStatus({
            role: roleOf(name),
            state,
            startedAt,
            pendingRestart,
            pendingRestartReasons,
            lsn: leads(name) ? 1000n : null,
          }),
        ),
        postgres: seen(postgresStatus({ inRecovery: !leads(name), lsn: 1000n })),
      }),
    )
    const members = [...this.nodes].map(([name, { state }]) =>
      memberOf(name, { role: roleOf(name), state, paused: this.noticed.has(name) }),
    )
    const topology = topologyOf({
      leader: this.leader,
      configuration: this.configuration,
      members: new Map(members.map((member) => [member.name, member])),
    })
    return clusterOf({ nodes, topology: seen(topology) })
  }

  context<Input>(
    input: Input,
    answers: Partial<{ [Call in keyof PatroniCommands]: () => Promise<PatroniAnswer> }>,
    record: Partial<OperationRecord> = {},
  ): StepContext<Input> {
    const ask = (call: keyof PatroniCommands) => async (via: string) => {
      this.asked.push(`${call} ${via}`)
      const answer = answers[call]
      if (answer === undefined) throw new Error(`${call} was not expected`)
      return answer()
    }
    const names = [...this.nodes.keys()]
    const clients: Partial<ClusterClients> = {
      patroni: {
        switchover: ask('switchover'),
        restart: ask('restart'),
        reinitialize: ask('reinitialize'),
        cancelSwitchover: ask('cancelSwitchover'),
        failover: ask('failover'),
        reload: ask('reload'),
        patchConfiguration: ask('patchConfiguration'),
        configuration: async () => this.configuration,
      },
      dcs: {
        read: async (key) => {
          const values: Record<string, string | null> = {
            leader: this.leader,
            config: JSON.stringify(this.configuration),
          }
          const value = values[key] ?? null
          return value === null ? null : { value, modRevision: value }
        },
        writeIf: async (key, value, unchanged) => {
          if (key !== 'config' || value === null) throw new Error(`${key} was not expected`)
          if (unchanged['config']?.modRevision !== JSON.stringify(this.configuration)) return false
          this.configuration = JSON.parse(value) as Record<string, unknown>
          return true
        },
        change: async () => {
          throw new Error('no change of several keys was expected')
        },
      },
      services: { run: (service, { argv }) => this.runs(service, argv) } as ClusterClients['services'],
      nodeData: (service) => Object.assign(new FakeNodeData(), { copiedFrom: this.node(service).manifest }),
      writeProbe: {
        start: () => ({
          ready: Promise.resolve(),
          untilWritable: async () => {},
          stop: async () => ({ seconds: 1.234, failedWrites: 3, writes: 9 }),
        }),
      },
      refreshNode: async () => {},
      readConfigurationLoadedAt: async () => this.loadedAt,
      readDatabaseBytes: async () => 100,
      readReplicaCreation: async () => null,
    }
    const context = fakeStepContext({
      input,
      clients,
      cluster: () => this.snapshot(),
      layout: { ...layout, nodes: names.map((name) => ({ ...layout.nodes[0], name, service: name })) } as typeof layout,
      operation: record,
      recoveries: this.recoveries,
    })
    // Several workers one after the other have one state and one time: the cluster's.
    return {
      ...context,
      state: () => this.state,
      keep: async (state, message) => {
        this.state = { ...this.state, ...state }
        this.lines.push(message)
      },
      log: (message) => void this.lines.push(message),
      sleep: async (ms) => {
        this.timeMs += ms
        this.onSleep()
      },
      now: () => new Date(this.timeMs),
    }
  }
}
