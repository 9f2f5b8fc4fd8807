import { type Check, CheckStatus } from '../../../domain/check.ts'
import { isJsonObject, type JsonChange, jsonChanges, mergePatch } from '../../../domain/configuration/merge-patch.ts'
import { configurationFaults, parametersToRestart } from '../../../domain/configuration/patroni-configuration.ts'
import { seenNow } from '../../../domain/observed.ts'
import type { Parameters } from '../../../domain/parameter.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { leaderOf } from '../../node-access/node-health.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import type { UpdateConfigurationInput } from './update-configuration-input.ts'

type Context = PlanContext<UpdateConfigurationInput>

export function checkUpdateConfiguration({ cluster, input }: Context): Refusal[] {
  if (!isJsonObject(input.patch)) {
    const remedy = 'For example { "postgresql": { "parameters": { "work_mem": "16MB" } } }; null removes a key.'
    return [refuse('INVALID_PATCH', 'the patch is not a JSON object', remedy, 'patch')]
  }
  if (seenNow(cluster.topology) === null) {
    const why = cluster.topology.error ?? 'not read yet'
    const message = `the configuration cannot be read: ${why}`
    return [refuse('TOPOLOGY_UNKNOWN', message, 'See cluster.health for what to do.', null)]
  }
  const merged = mergePatch(currentOf(cluster), input.patch)
  return configurationFaults(input.patch, merged, parametersOf(cluster)).map(({ code, message, remedy }) =>
    refuse(code, message, remedy, 'patch'),
  )
}

export function planUpdateConfiguration(context: Context): PlanDraft {
  const { cluster, input } = context
  const configuration = currentOf(cluster)
  const merged = isJsonObject(input.patch) ? mergePatch(configuration, input.patch) : configuration
  const changes = jsonChanges(configuration, merged)
  const toRestart = parametersToRestart(configuration, merged)
  const needless = changes.length === 0
  const told = changes.map(({ path }) => path).join(', ')
  return {
    summary: needless
      ? `Nothing to do: the configuration of ${cluster.name} is so already`
      : `Changes ${told}${toRestart.length === 0 ? '' : `; ${toRestart.join(', ')} take${toRestart.length === 1 ? 's' : ''} effect with a restart only`}`,
    isNeedless: needless,
    checks: [...changes.map(changeCheck), ...restartChecks(toRestart), ...changes.flatMap(warning)],
    downtimeSeconds: changes.some(isStandby) ? null : 0,
    dataLoss: null,
    basis: { configuration },
    identity: { changes, toRestart },
  }
}

/** Those of the leader, else of any node that answers. */
function parametersOf(cluster: Context['cluster']): Parameters | null {
  const leader = leaderOf(cluster)
  const nodes = [...cluster.nodes].sort((a, b) => Number(b.name === leader) - Number(a.name === leader))
  return nodes.map(({ postgres }) => seenNow(postgres)?.parameters ?? null).find((each) => each !== null) ?? null
}

/** A JSON object, or an empty one. */
export function configurationIn(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value) ? value : {}
}

function currentOf(cluster: Context['cluster']): Readonly<Record<string, unknown>> {
  return cluster.topology.value?.configuration ?? {}
}

function changeCheck({ path, from, to }: JsonChange): Check {
  return { name: path, status: CheckStatus.OK, message: `${text(from)} -> ${text(to)}`, hint: null }
}

function restartChecks(parameters: readonly string[]): Check[] {
  if (parameters.length === 0) return []
  return [
    {
      name: 'restart needed',
      status: CheckStatus.WARNING,
      message: `${parameters.join(', ')}: PostgreSQL goes on with the old value until it is restarted`,
      hint: 'restartCluster(input: {pendingOnly: true}) restarts node by node.',
    },
  ]
}

/** What a change does that its path does not tell. */
function warning(change: JsonChange): Check[] {
  const warn = (message: string, hint: string) => [{ name: change.path, status: CheckStatus.WARNING, message, hint }]
  if (change.to === undefined && /^(permanent_(replication_)?)?slots(\.|$)/.test(change.path)) {
    const message = 'Patroni drops the slot on every member, and its consumer loses its position'
    return warn(message, 'Keep the slot that Barman streams through.')
  }
  if (['ttl', 'loop_wait', 'retry_timeout'].includes(change.path)) {
    const message =
      'HAProxy reckons from PATRONI_TTL, LOOP_WAIT and RETRY_TIMEOUT how long it waits for a leader that is silent'
    return warn(
      message,
      'Set them in .env as well, then npm start: it must have left such a leader before its lock ends.',
    )
  }
  if (isStandby(change)) {
    return warn(
      'Patroni makes the cluster a standby of another one, or ends that',
      'A standby cluster takes no writes.',
    )
  }
  return []
}

function isStandby({ path }: JsonChange): boolean {
  return path.split('.')[0] === 'standby_cluster'
}

function text(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
