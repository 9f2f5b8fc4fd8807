/** How long writes fail, as a plan promises it. Seconds are an estimate that drifts: they are not compared. */
export enum PlannedDowntime {
  NONE = 'NONE',
  /** It ends by itself. */
  BRIEF = 'BRIEF',
  /** It lasts until an operator acts, or for an unknown time. */
  OPEN_ENDED = 'OPEN_ENDED',
}

/** What an operation does to the cluster beside what it is for. */
export enum PlannedEffect {
  /** Another node leads afterwards, or one is elected meanwhile. */
  LEADER_CHANGE = 'LEADER_CHANGE',
  /** Something cannot be brought back, or not by Howdah. */
  DATA_LOSS = 'DATA_LOSS',
  /** etcd loses its quorum. */
  QUORUM_LOSS = 'QUORUM_LOSS',
  /** Meanwhile no replica is left that could take over. */
  NO_REPLICA_LEFT = 'NO_REPLICA_LEFT',
}

/**
 * What a plan allows its operation to touch. Plain values, each list sorted and without doubles: two plans that mean
 * the same are equal, also as JSON. Nothing in it comes from an estimate.
 */
export interface PlanScope {
  /** Nodes whose PostgreSQL is stopped, restarted or replaced. */
  readonly nodes: readonly string[]
  /** Services whose container is stopped or replaced. */
  readonly services: readonly string[]
  /** Base backups that are deleted. */
  readonly backups: readonly string[]
  readonly downtime: PlannedDowntime
  readonly effects: readonly PlannedEffect[]
  /** What it goes to, by what it is: { candidate: "db2" }, { backup: "20261128T164000", timeline: "3" }. */
  readonly target: Readonly<Record<string, string>>
}

/** Nothing that cannot be undone. */
export const NOTHING_TOUCHED: PlanScope = planScope({})

/** A scope from its parts, in whatever order; what is left out is nothing. */
export function planScope(parts: Partial<PlanScope>): PlanScope {
  const { nodes = [], services = [], backups = [], effects = [], target = {} } = parts
  return {
    nodes: sorted(nodes),
    services: sorted(services),
    backups: sorted(backups),
    downtime: parts.downtime ?? PlannedDowntime.NONE,
    effects: sorted(effects),
    target: Object.fromEntries(Object.entries(target).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/**
 * Sentences on each point in which `now` goes beyond `planned`; none where it stays within it. Less is never more: what
 * an operation has done already is simply not in `now`.
 */
export function exceeds(planned: PlanScope, now: PlanScope): string[] {
  const more = (what: string, wide: readonly string[], narrow: readonly string[]) => {
    const beyond = wide.filter((each) => !narrow.includes(each))
    return beyond.length === 0 ? [] : [`${what} ${wide.join(', ')} (planned: ${narrow.join(', ') || 'none'})`]
  }
  return [
    ...more('it would stop PostgreSQL on', now.nodes, planned.nodes),
    ...more('it would stop the container of', now.services, planned.services),
    ...more('it would delete the backups', now.backups, planned.backups),
    ...(WORSE.indexOf(now.downtime) > WORSE.indexOf(planned.downtime)
      ? [`${DOWNTIME[now.downtime]} (planned: ${DOWNTIME[planned.downtime]})`]
      : []),
    ...now.effects.filter((effect) => !planned.effects.includes(effect)).map((effect) => EFFECT[effect]),
    ...Object.entries(now.target)
      .filter(([name, value]) => planned.target[name] !== value)
      .map(([name, value]) => `its ${name} would be ${value} (planned: ${planned.target[name] ?? 'none'})`),
  ]
}

const WORSE = [PlannedDowntime.NONE, PlannedDowntime.BRIEF, PlannedDowntime.OPEN_ENDED]

const DOWNTIME: Readonly<Record<PlannedDowntime, string>> = {
  [PlannedDowntime.NONE]: 'writes go on',
  [PlannedDowntime.BRIEF]: 'writes would fail for some seconds',
  [PlannedDowntime.OPEN_ENDED]: 'writes would fail until an operator acts',
}

const EFFECT: Readonly<Record<PlannedEffect, string>> = {
  [PlannedEffect.LEADER_CHANGE]: 'another node would become the leader, which was not planned',
  [PlannedEffect.DATA_LOSS]: 'data would be lost, which was not planned',
  [PlannedEffect.QUORUM_LOSS]: 'etcd would lose its quorum, which was not planned',
  [PlannedEffect.NO_REPLICA_LEFT]: 'no replica would be left that could take over, which was not planned',
}

function sorted<T extends string>(values: readonly T[]): T[] {
  return [...new Set(values)].sort()
}
