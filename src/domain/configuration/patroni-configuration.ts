import { closest, distance } from 'fastest-levenshtein'
import { type Parameters, wantedInstead } from '../parameter.ts'
import { isJsonObject, jsonChanges } from './merge-patch.ts'
import { needsRestart } from './postmaster-parameters.ts'

type Json = Readonly<Record<string, unknown>>

/** Seconds between two looks of Patroni at the cluster: `loop_wait`, Patroni's default where nothing is set. */
export function loopWaitOf(configuration: Json | undefined): number {
  return numberOr(configuration?.['loop_wait'], 10)
}

/** Seconds for which a leader's key lives on without it: `ttl`, Patroni's default where nothing is set. */
export function ttlOf(configuration: Json | undefined): number {
  return numberOr(configuration?.['ttl'], 30)
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

/** Why a dynamic configuration must not be written. */
export interface ConfigurationFault {
  readonly code:
    | 'UNKNOWN_KEY'
    | 'NOT_TO_BE_SET_HERE'
    | 'INVALID_SETTING'
    | 'TIMEOUTS_DO_NOT_FIT'
    | 'UNKNOWN_PARAMETER'
    | 'BAD_VALUE'
  readonly message: string
  readonly remedy: string
}

type Shape = 'object' | 'boolean' | 'list' | 'mode' | { readonly least: number }

/** Every key that Patroni 4.0 reads from the dynamic configuration, and what it takes there. Sources: its
 * validator.py, global_config.py and ha.py. */
const KEYS: Readonly<Record<string, Shape>> = {
  ttl: { least: 20 },
  loop_wait: { least: 1 },
  retry_timeout: { least: 3 },
  maximum_lag_on_failover: { least: 0 },
  maximum_lag_on_syncnode: { least: -1 },
  max_timelines_history: { least: 0 },
  primary_start_timeout: { least: 0 },
  primary_stop_timeout: { least: 0 },
  master_start_timeout: { least: 0 },
  master_stop_timeout: { least: 0 },
  member_slots_ttl: { least: 0 },
  synchronous_mode: 'mode',
  synchronous_mode_strict: 'boolean',
  synchronous_node_count: { least: 1 },
  failsafe_mode: 'boolean',
  check_timeline: 'boolean',
  pause: 'boolean',
  postgresql: 'object',
  standby_cluster: 'object',
  slots: 'object',
  permanent_slots: 'object',
  permanent_replication_slots: 'object',
  ignore_slots: 'list',
}

/** The least that Patroni takes for these parameters; with less it silently goes on with its default (config.py). */
const LEAST_PARAMETERS: Readonly<Record<string, number>> = {
  max_connections: 25,
  max_wal_senders: 3,
  max_prepared_transactions: 0,
  max_locks_per_transaction: 32,
  max_replication_slots: 4,
  max_worker_processes: 2,
}
const WAL_LEVELS: readonly unknown[] = ['hot_standby', 'replica', 'logical']
/** Parameters that are each node's own, from its configuration file: Patroni ignores them here. */
const NODES_OWN: readonly string[] = ['listen_addresses', 'port', 'cluster_name', 'hot_standby']
/** The same of the keys under `postgresql` (config.py, _safe_copy_dynamic_configuration). */
const NODES_OWN_KEYS: readonly string[] = [
  'authentication',
  'config_dir',
  'connect_address',
  'data_dir',
  'listen',
  'pgpass',
  'proxy_address',
]
/** What configs/patroni.yml sets for every node of this stack: a node's own file comes first. */
const SET_BY_FILE = {
  keys: ['basebackup', 'bin_dir', 'pg_hba', 'pg_ident', 'pre_promote'] as readonly string[],
  parameters: ['unix_socket_directories'] as readonly string[],
}
const EDIT_FILE = 'Set it in configs/patroni.yml and restart the nodes.'

const TIMEOUTS = { ttl: 30, loop_wait: 10, retry_timeout: 10 }

/**
 * What Patroni forbids, ignores or silently alters in what `patch` would make of the configuration, and what PostgreSQL would
 * not take. `known`: PostgreSQL's parameters; null where they were not read.
 */
export function configurationFaults(patch: Json, merged: Json, known: Parameters | null = null): ConfigurationFault[] {
  const keys = Object.entries(patch).flatMap(([key, value]) => keyFaults(key, value))
  const parameters = postgresParameters(patch)
  return [
    ...keys,
    ...postgresqlFaults(patch),
    ...Object.entries(parameters).flatMap((entry) => parameterFaults(entry, known)),
    ...timeoutFaults(patch, merged),
  ]
}

/** PostgreSQL's parameters that differ between two configurations and take effect only with a restart. */
export function parametersToRestart(from: Json, to: Json): string[] {
  const [before, after] = [postgresParameters(from), postgresParameters(to)]
  return jsonChanges(before, after)
    .map(({ path }) => path)
    .filter(needsRestart)
}

function keyFaults(key: string, value: unknown): ConfigurationFault[] {
  if (key === 'pause') {
    const remedy = 'Use pauseCluster(input: {}) and resumeCluster(input: {}).'
    return [fault('NOT_TO_BE_SET_HERE', 'pause is not set here', remedy)]
  }
  // Whatever stands there may be removed.
  if (value === null) return []
  const shape = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined
  if (shape === undefined) {
    return [fault('UNKNOWN_KEY', `Patroni knows no setting "${key}"`, `Known: ${Object.keys(KEYS).join(', ')}.`)]
  }
  const wanted = wantedFor(shape, value)
  const remedy = `Give ${key} such a value, or null to remove it.`
  return wanted === null ? [] : [fault('INVALID_SETTING', `${key} must be ${wanted}, not ${text(value)}`, remedy)]
}

function postgresqlFaults({ postgresql }: Json): ConfigurationFault[] {
  const values = isJsonObject(postgresql) ? Object.entries(postgresql) : []
  return values.flatMap(([key, value]) => {
    // Whatever stands there may be removed.
    if (value === null) return []
    if (NODES_OWN_KEYS.includes(key)) return [ignored(`postgresql.${key}`)]
    return SET_BY_FILE.keys.includes(key) ? [overridden(`postgresql.${key}`)] : []
  })
}

function ignored(name: string): ConfigurationFault {
  const message = `${name} is each node's own, and Patroni ignores it in the dynamic configuration`
  return fault('NOT_TO_BE_SET_HERE', message, EDIT_FILE)
}

function overridden(name: string): ConfigurationFault {
  const message = `${name} is set by each node's own file, which comes before the dynamic configuration: nothing would change`
  return fault('NOT_TO_BE_SET_HERE', message, EDIT_FILE)
}

/** What the shape wants; null when the value is such. */
function wantedFor(shape: Shape, value: unknown): string | null {
  if (shape === 'object') return isJsonObject(value) ? null : 'an object'
  if (shape === 'list') return Array.isArray(value) ? null : 'a list'
  if (shape === 'boolean') return typeof value === 'boolean' ? null : 'true or false'
  if (shape === 'mode') return typeof value === 'boolean' || value === 'quorum' ? null : 'true, false or "quorum"'
  const { least } = shape
  return Number.isSafeInteger(value) && Number(value) >= least ? null : `a whole number, ${least} at the least`
}

function parameterFaults([name, value]: [string, unknown], known: Parameters | null): ConfigurationFault[] {
  if (value === null) return []
  const lower = name.toLowerCase()
  if (NODES_OWN.includes(lower)) return [ignored(name)]
  if (SET_BY_FILE.parameters.includes(lower)) return [overridden(name)]
  const remedy = 'With any other value Patroni silently goes on with its default.'
  if (typeof value === 'object') {
    return [fault('INVALID_SETTING', `${name} must be a string, a number or a boolean, not ${text(value)}`, remedy)]
  }
  const least = Object.hasOwn(LEAST_PARAMETERS, lower) ? (LEAST_PARAMETERS[lower] ?? 0) : null
  if (least !== null && !(Number.isSafeInteger(Number(value)) && Number(value) >= least)) {
    return [fault('INVALID_SETTING', `${name} must be ${least} at the least, not ${text(value)}`, remedy)]
  }
  if (lower === 'wal_level' && !WAL_LEVELS.includes(value)) {
    return [fault('INVALID_SETTING', `wal_level must be replica or logical, not ${text(value)}`, remedy)]
  }
  return known === null ? [] : postgresFaults(name, value, known)
}

/** What PostgreSQL itself says of it. An extension that is not loaded may know a name with a dot. */
function postgresFaults(name: string, value: unknown, known: Parameters): ConfigurationFault[] {
  const parameter = known.get(name.toLowerCase())
  if (parameter === undefined) {
    if (name.includes('.')) return []
    const near = closest(name.toLowerCase(), [...known.keys()])
    const remedy = `${distance(name.toLowerCase(), near) <= 2 ? `Did you mean ${near}? ` : ''}SHOW ALL lists them.`
    return [fault('UNKNOWN_PARAMETER', `PostgreSQL knows no parameter "${name}"`, remedy)]
  }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return []
  const wanted = wantedInstead(parameter, value)
  if (wanted === null) return []
  return [fault('BAD_VALUE', `${name} must be ${wanted}, not ${text(value)}`, `Give ${name} such a value.`)]
}

/** Only for a patch that changes them: what is set already is no fault of this patch. */
function timeoutFaults(patch: Json, merged: Json): ConfigurationFault[] {
  if (!Object.keys(TIMEOUTS).some((key) => Object.hasOwn(patch, key))) return []
  const [ttl, loopWait, retryTimeout] = Object.entries(TIMEOUTS).map(([key, usual]) => Number(merged[key] ?? usual))
  if (ttl === undefined || loopWait === undefined || retryTimeout === undefined) return []
  if (loopWait + 2 * retryTimeout <= ttl) return []
  const sum = `loop_wait + 2 * retry_timeout = ${loopWait} + 2 * ${retryTimeout} = ${loopWait + 2 * retryTimeout}`
  const remedy = 'Raise ttl or lower the others: Patroni would silently lower loop_wait and retry_timeout.'
  return [fault('TIMEOUTS_DO_NOT_FIT', `${sum}, which is more than ttl = ${ttl}`, remedy)]
}

/** `postgresql.parameters` of a configuration, or of a patch. */
export function postgresParameters(patch: Json): Json {
  const postgresql = patch['postgresql']
  const parameters = isJsonObject(postgresql) ? postgresql['parameters'] : null
  return isJsonObject(parameters) ? parameters : {}
}

function fault(code: ConfigurationFault['code'], message: string, remedy: string): ConfigurationFault {
  return { code, message, remedy }
}

function text(value: unknown): string {
  return JSON.stringify(value)
}
