// @ts-check
import { parseArgs } from 'node:util'

export const USAGE = `Usage: scripts/perform_pitr.sh --server SERVER TARGET [options]

TARGET, exactly one:
  --target-time TIME      the last commit up to this time, to the microsecond and with its zone: as ISO 8601, or as
                          psql, PostgreSQL's log and pg_waldump print it: '2026-11-22 15:49:59.041718+00'
  --target-lsn LSN        this position in the WAL: 1/BBCC7AC0
  --target-xid XID        the commit of this transaction
  --target-name NAME      a restore point, made by pg_create_restore_point
  --target-immediate      as soon as the base backup is consistent

Options:
  --timeline TL           a number, current or latest (default)
  --exclusive             stop just before the target
  --backup ID|latest      base backup; chosen when left out
  --node NODE             the node that leads after the cut-over; chosen when left out
  --restore-method M      prefetch (default), get-wal or barman-wal-restore
  --rehearse              beside the running cluster, which is not touched
  --cut-over HOW          automatic (default), or manual: wait at READY for cutOverRecovery
  --dry-run               print the plan, change nothing
  --yes                   do not ask for the cluster's name
  --json                  one JSON document a line: plan, events, result
  --url URL               the API (default: the stack of this checkout)
  --token-file FILE       holds the token (default: the admin token that npm start made)
  --help

Exit codes: 0 done, 1 failed, 2 usage, 3 refused and nothing changed, 4 the API cannot be reached,
130 left with Ctrl-C: what was begun goes on.`

/** The command line is wrong. */
export class UsageError extends Error {}

/**
 * @typedef {object} PitrRequest
 * @property {string} server
 * @property {Record<string, string | boolean>} target A RecoveryTargetInput.
 * @property {string | null} backup
 * @property {string | null} node
 * @property {string | null} restoreMethod A value of RestoreMethod.
 * @property {boolean} rehearse
 * @property {'AUTOMATIC' | 'MANUAL'} cutOver
 * @property {boolean} dryRun
 * @property {boolean} yes
 * @property {boolean} json
 * @property {string | null} url
 * @property {string | null} tokenFile
 */

const text = /** @type {const} */ ({ type: 'string' })
const flag = /** @type {const} */ ({ type: 'boolean', default: false })
const OPTIONS = {
  server: text,
  'target-time': text,
  'target-lsn': text,
  'target-xid': text,
  'target-name': text,
  'target-immediate': flag,
  timeline: text,
  exclusive: flag,
  backup: text,
  node: text,
  'restore-method': text,
  rehearse: flag,
  'cut-over': text,
  'dry-run': flag,
  yes: flag,
  json: flag,
  url: text,
  'token-file': text,
  help: flag,
}

/**
 * Null: help was asked for. Throws UsageError.
 * @param {readonly string[]} args
 * @returns {PitrRequest | null}
 */
export function parsePitrArguments(args) {
  const values = readOptions(args)
  if (values.help) return null
  if (values.server === undefined) throw new UsageError('--server is missing: the Barman server, e.g. patroni')
  if (values.rehearse && (values.node !== undefined || values['cut-over'] !== undefined)) {
    throw new UsageError('--rehearse goes with neither --node nor --cut-over: a rehearsal touches no node')
  }
  const method = oneOf('--restore-method', values['restore-method'], ['prefetch', 'get-wal', 'barman-wal-restore'])
  const cutOver = oneOf('--cut-over', values['cut-over'], ['automatic', 'manual'])
  return {
    server: values.server,
    target: readTarget(values),
    backup: values.backup ?? null,
    node: values.node ?? null,
    restoreMethod: method?.toUpperCase().replaceAll('-', '_') ?? null,
    rehearse: values.rehearse,
    cutOver: cutOver === 'manual' ? 'MANUAL' : 'AUTOMATIC',
    dryRun: values['dry-run'],
    yes: values.yes,
    json: values.json,
    url: values.url ?? null,
    tokenFile: values['token-file'] ?? null,
  }
}

/** @param {readonly string[]} args */
function readOptions(args) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** A date, with or without a time of day, and nothing after it. Whatever else is wrong with a time, the API says. */
const ZONELESS = /^\s*\d{4}-\d\d-\d\d(?:(?:T|\s+)[\d:.,]*)?\s*$/i

/** @param {ReturnType<typeof readOptions>} values */
function readTarget(values) {
  /** @type {[string, string | boolean | undefined][]} */
  const given = [
    ['time', values['target-time']],
    ['lsn', values['target-lsn']],
    ['xid', values['target-xid']],
    ['name', values['target-name']],
    ['immediate', values['target-immediate'] || undefined],
  ]
  const targets = given.filter(([, value]) => value !== undefined)
  const [target] = targets
  if (target === undefined || targets.length > 1) {
    throw new UsageError('Give exactly one of --target-time, -lsn, -xid, -name, -immediate')
  }
  const [field, value = true] = target
  if (field === 'time' && ZONELESS.test(String(value))) {
    throw new UsageError(`--target-time ${value} has no time zone: write Z for UTC, or an offset like +01:00`)
  }
  return {
    [field]: value,
    ...(values.timeline === undefined ? {} : { timeline: values.timeline }),
    inclusive: !values.exclusive,
  }
}

/**
 * @param {string} option
 * @param {string | undefined} value
 * @param {readonly string[]} allowed
 */
function oneOf(option, value, allowed) {
  if (value === undefined || allowed.includes(value)) return value
  throw new UsageError(`${option} ${value}: write one of ${allowed.join(', ')}`)
}
