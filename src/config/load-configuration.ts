import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { HowdahError, messageOf } from '../domain/errors.ts'
import { Role } from '../domain/operation/operation.ts'
import { type Schedule, ScheduleSource } from '../domain/schedule/schedule.ts'
import { timingProblems } from '../domain/schedule/timing.ts'
import type { ApiToken, Configuration, ConfiguredCluster } from './configuration.ts'
import {
  type ConfigurationFile,
  configurationFileSchema,
  environmentSchema,
  tokensFileSchema,
} from './configuration-schema.ts'
import { findDuplicates } from './find-duplicates.ts'
import { interpolate } from './interpolate.ts'
import { layoutOf } from './layout-of.ts'

/** What is wrong with the configuration: every fault at once, so that all can be fixed in one go. */
export class ConfigurationError extends HowdahError {
  readonly code = 'CONFIGURATION'
  constructor(readonly faults: readonly string[]) {
    super(
      `the configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n  - ${faults.join('\n  - ')}`,
    )
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Which process asks: each is given, and insists on, the secrets that it works with and no others. The API knows the
 * tokens; the worker knows Patroni's REST password.
 */
export type ProcessRole = 'api' | 'worker'

export async function loadConfiguration(environment: Environment, role: ProcessRole): Promise<Configuration> {
  const faults: string[] = []
  const variables = environmentSchema.safeParse(environment)
  if (!variables.success) throw new ConfigurationError(issuesOf('environment', variables.error))
  const { HOWDAH_CONFIG: path, HOWDAH_SECRETS: secrets, LOG_LEVEL: logLevel } = variables.data

  const file = await readConfigurationFile(path, environment, faults)
  const secret = (name: string) => readSecret(join(secrets, name), faults)
  const redisPassword = await secret('redis_password')
  const postgresPassword = await secret('howdah_password')
  const patroniPassword = role === 'worker' ? await secret('patroni_rest_password') : null
  const tokens = role === 'api' ? await readTokens(join(secrets, 'tokens.json'), faults) : []
  if (file === null || faults.length > 0) throw new ConfigurationError(faults)

  const clusters = file.clusters.map(
    (cluster): ConfiguredCluster => ({
      layout: layoutOf(cluster),
      schedules: cluster.runSchedules ? schedulesOf(cluster) : [],
      releaseDeadLeader: cluster.releaseDeadLeader,
      lockPatienceSeconds: cluster.lockPatienceSeconds,
      credentials: {
        postgresUser: cluster.postgresUser,
        postgresPassword,
        patroni: patroniPassword === null ? null : { username: cluster.patroniUser, password: patroniPassword },
        ssh: {
          user: cluster.sshUser,
          keyFile: join(secrets, 'ssh/id_ed25519'),
          knownHostsFile: join(secrets, 'ssh/known_hosts'),
        },
      },
    }),
  )
  const { http, limits, approvals } = file
  return {
    clusters,
    redis: { url: file.redis.url, password: redisPassword },
    http,
    tokens,
    limits,
    approvals,
    logLevel,
  }
}

async function readConfigurationFile(
  path: string,
  environment: Environment,
  faults: string[],
): Promise<ConfigurationFile | null> {
  try {
    const missing = new Set<string>()
    const text = interpolate(parse(await readFile(path, 'utf8')), environment, missing)
    for (const name of missing) faults.push(`${path}: the environment has no ${name}`)
    const checked = configurationFileSchema.safeParse(text)
    if (!checked.success) {
      faults.push(...issuesOf(path, checked.error))
      return null
    }
    faults.push(...checked.data.clusters.flatMap(scheduleFaults).map((fault) => `${path}: ${fault}`))
    faults.push(...findDuplicates(checked.data.clusters.map(layoutOf)).map((fault) => `${path}: ${fault}`))
    return checked.data
  } catch (error) {
    faults.push(`${path}: ${messageOf(error)}`)
  }
  return null
}

function schedulesOf({ name: cluster, schedules }: ConfigurationFile['clusters'][number]): Schedule[] {
  return schedules.map((schedule) => ({ ...schedule, cluster, source: ScheduleSource.CONFIGURATION, putBy: null }))
}

/** What no schema can say of schedules; whether their kinds and inputs are right, the worker knows. */
function scheduleFaults({ name: cluster, schedules }: ConfigurationFile['clusters'][number]): string[] {
  const names = schedules.map(({ name }) => name)
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  return [
    ...twice.map((name) => `cluster ${cluster} has two schedules named ${name}`),
    ...schedules.flatMap((schedule) =>
      timingProblems(schedule).map(({ message }) => `schedule ${schedule.name}: ${message}`),
    ),
  ]
}

async function readSecret(path: string, faults: string[]): Promise<string> {
  try {
    const secret = (await readFile(path, 'utf8')).trim()
    if (secret === '') faults.push(`${path} is empty`)
    return secret
  } catch (error) {
    faults.push(`secret: ${messageOf(error)}`)
    return ''
  }
}

async function readTokens(path: string, faults: string[]): Promise<ApiToken[]> {
  const text = await readSecret(path, faults)
  if (text === '') return []
  try {
    const { tokens } = tokensFileSchema.parse(JSON.parse(text))
    return tokens.map(({ name, role, token }) => ({
      name,
      role: Role[role],
      sha256: createHash('sha256').update(token).digest('hex'),
    }))
  } catch (error) {
    // The parser's own message may quote the file, and the file is secret.
    faults.push(error instanceof z.ZodError ? issuesOf(path, error).join('; ') : `${path} is not JSON`)
    return []
  }
}

function issuesOf(where: string, error: z.ZodError): string[] {
  return error.issues.map((issue) => `${where}: ${issue.path.join('.')}: ${issue.message}`)
}
