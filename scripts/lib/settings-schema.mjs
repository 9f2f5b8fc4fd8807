// @ts-check
import { z } from 'zod'

/**
 * @typedef {Readonly<Record<string, string>>} Settings
 * @typedef {{ name: string, right: string }} SettingFault `right`: what it must be.
 */

export const PASSWORDS = /** @type {const} */ (['PATRONI_POSTGRESS_PASSWORD', 'PATRONI_REPLICATOR_PASSWORD'])

/** `FORBIDDEN_SERVER_NAMES` of Barman (config.py); the section of its global options; what Python's reader of configuration files keeps for itself. */
const KEPT_BY_BARMAN = ['all', 'barman', 'DEFAULT']

/** As configs/howdah.yml has it (src/config/configuration-schema.ts). Patroni itself takes any text, and puts it into a path of etcd. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
const NAME_IS = 'a name of at most 63 letters, digits, "_", "." and "-" that begins with a letter or a digit'

const clusterName = z.string().regex(NAME, NAME_IS)
const file = z
  .string()
  .min(1, 'a path')
  .regex(/^[^\0\n]*$/, 'a path')

/**
 * @param {number} least
 * @param {string} what
 */
const wholeNumber = (least, what) =>
  z
    .string()
    // A shell takes a number that begins with 0 for an octal one.
    .refine(
      (text) => /^[1-9]\d{0,8}$/.test(text) && Number(text) >= least,
      `${what}: a whole number, at least ${least}`,
    )

const port = z
  .string()
  .refine((text) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535, 'a port: a whole number from 1 to 65535')

const bare = (/** @type {string} */ text) => text.replace(/^\[(.*:.*)\]$/, '$1')
const isAddress = (/** @type {string} */ text) => z.ipv4().or(z.ipv6()).safeParse(bare(text)).success

/** Compose wants an IPv6 address in brackets before a port; both forms are taken, and the right one is passed on. */
const address = z
  .string()
  .refine(isAddress, 'an IPv4 or IPv6 address of this machine: 127.0.0.1, 0.0.0.0, ::1')
  .transform((text) => (text.includes(':') ? `[${bare(text)}]` : text))

/** Containers read these two from the file itself (docker/images/base/secrets.sh). */
const password = z.string().regex(/^[^\p{Cc}]*$/u, 'one line of printable characters')

/** @type {Record<string, z.ZodType<string, string>>} */
const SHAPE = {
  COMPOSE_FILE: file,
  COMPOSE_PROJECT_NAME: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]*$/, 'lower-case letters, digits, "-" and "_", the first a letter or a digit'),
  PATRONI_SCOPE: clusterName,
  BARMAN_SERVER: clusterName.or(z.literal('')),
  PATRONI_TTL: wholeNumber(20, 'seconds'),
  PATRONI_LOOP_WAIT: wholeNumber(1, 'seconds'),
  PATRONI_RETRY_TIMEOUT: wholeNumber(3, 'seconds'),
  RELEASE_DEAD_LEADER: z.enum(['true', 'false'], '"true" or "false"'),
  SCHEDULES: z.enum(['true', 'false'], '"true" or "false"'),
  LOCK_PATIENCE_SECONDS: wholeNumber(15, 'seconds'),
  READ_MAX_LAG: z
    .string()
    .regex(/^\d{1,9} ?(kB|MB|GB)?$/, 'a size: a number with kB, MB or GB, or of bytes')
    // It becomes a part of a URL.
    .transform((text) => text.replace(' ', '')),
  READ_LATE_SECONDS: wholeNumber(1, 'seconds'),
  BIND_ADDRESS: address,
  NETWORK_SUBNET: z
    .cidrv4('an IPv4 network: 172.20.0.0/16')
    // Twelve services, and the containers of recoveries.
    .refine((text) => Number(text.split('/')[1]) <= 27, 'a network of 32 addresses or more: /27 or a smaller number'),
  CONTAINER_PREFIX: z
    .string()
    .regex(
      /^([A-Za-z0-9][A-Za-z0-9_.-]*)?$/,
      'empty, or letters, digits, "_", "." and "-", the first a letter or a digit',
    ),
  IMAGE_PREFIX: z
    .string()
    .regex(
      /^[a-z0-9]+([._/:-]+[a-z0-9]+)*$/,
      'the beginning of an image name: lower-case letters, digits and ". _ - / :"',
    ),
  SUITE: z.string().regex(/^[a-z0-9][a-z0-9_.-]*$/, 'a suite of Debian: trixie'),
  PG_MAJOR: z.string().regex(/^[1-9]\d$/, 'a major version of PostgreSQL: 17'),
  STACK_ENV_FILE: file,
  SECRETS_DIR: file,
  DOCKER_SOCKET: file.startsWith('/', 'the path of a socket, from the root on: /var/run/docker.sock'),
  HOST_NET: file.startsWith('/', 'the path of a folder, from the root on: /proc/1/net'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error'], '"debug", "info", "warn" or "error"'),
}

/**
 * Checks every setting, and gives each the form that Compose wants: the one place that knows what is right.
 * @param {Settings} settings Every variable of docker/env.example. A password may be empty: it has not been made yet.
 * @param {ReadonlySet<string>} [chosen] Which of them are no defaults: of two that do not go together, one of these is named.
 * @returns {{ settings: Settings, faults: SettingFault[] }} All faults at once.
 */
export function checkSettings(settings, chosen = new Set()) {
  /** @type {Record<string, string>} */
  const checked = { ...settings }
  /** @type {SettingFault[]} */
  const faults = []
  for (const [name, value] of Object.entries(settings)) {
    const result = schemaOf(name)?.safeParse(value)
    if (result === undefined) continue
    if (result.success) checked[name] = result.data
    else faults.push({ name, right: result.error.issues[0]?.message ?? 'something else' })
  }
  const alone = new Set(faults.map(({ name }) => name))
  const together = [...timesTogether(checked), ...portsTogether(checked, chosen), ...barmanName(checked)]
  return { settings: checked, faults: [...faults, ...together.filter(({ name }) => !alone.has(name))] }
}

/**
 * @param {string} name
 * @returns {z.ZodType<string, string> | undefined} None: a variable that is not Howdah's.
 */
function schemaOf(name) {
  if (name.endsWith('_PORT')) return port
  return PASSWORDS.some((known) => known === name) ? password : SHAPE[name]
}

/**
 * @param {Settings} settings
 * @returns {SettingFault[]}
 */
function timesTogether({ PATRONI_TTL, PATRONI_LOOP_WAIT, PATRONI_RETRY_TIMEOUT }) {
  const least = Number(PATRONI_LOOP_WAIT) + 2 * Number(PATRONI_RETRY_TIMEOUT)
  if (!(least > Number(PATRONI_TTL))) return []
  const sum = `PATRONI_LOOP_WAIT + 2 * PATRONI_RETRY_TIMEOUT, which is ${least}`
  return [{ name: 'PATRONI_TTL', right: `at least ${sum}` }]
}

/**
 * All are published on one address.
 * @param {Settings} settings
 * @param {ReadonlySet<string>} chosen
 * @returns {SettingFault[]}
 */
function portsTogether(settings, chosen) {
  /** @type {Map<string, string>} */
  const first = new Map()
  const ports = Object.entries(settings).filter(([name]) => name.endsWith('_PORT'))
  const defaultsFirst = ports.sort(([one], [other]) => Number(chosen.has(one)) - Number(chosen.has(other)))
  return defaultsFirst.flatMap(([name, value]) => {
    const other = first.get(value)
    if (other === undefined) first.set(value, name)
    return other === undefined ? [] : [{ name, right: `another port than that of ${other}` }]
  })
}

/**
 * @param {Settings} settings
 * @returns {SettingFault[]}
 */
function barmanName({ PATRONI_SCOPE = '', BARMAN_SERVER = '' }) {
  const kept = `another name than those that Barman keeps for itself (${KEPT_BY_BARMAN.join(', ')})`
  if (KEPT_BY_BARMAN.includes(BARMAN_SERVER)) return [{ name: 'BARMAN_SERVER', right: kept }]
  if (BARMAN_SERVER !== '' || !KEPT_BY_BARMAN.includes(PATRONI_SCOPE)) return []
  return [{ name: 'PATRONI_SCOPE', right: `${kept}, or BARMAN_SERVER another name` }]
}
