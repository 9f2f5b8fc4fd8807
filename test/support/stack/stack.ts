import { inject } from 'vitest'
import type { Stack } from '../../../scripts/lib/settings.mjs'
import { docker } from '../docker.ts'
import { OWN_SESSION } from './own-session.ts'

export type TokenRole = 'admin' | 'operator' | 'viewer'

/** What the set-up of the suite tells the tests of its stack: plain data, because it crosses a process border. */
export interface StackFacts {
  readonly apiUrl: string
  readonly wsUrl: string
  /** Server-sent events. */
  readonly sseUrl: string
  readonly tokens: Readonly<Record<TokenRole, string>>
  /** Published ports by their names in docker/env.example: `ports.HAPROXY_PORT`. */
  readonly ports: Readonly<Record<string, number>>
  /** Compose project. */
  readonly project: string
  readonly containerPrefix: string
  readonly envFile: string
  readonly secretsDir: string
}

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackFacts
  }
}

/** The running stack, with the means to look into it and to hurt it. Services by their compose names: "db1", "barman". */
export interface TestStack extends StackFacts {
  /** Name of a service's container. */
  container(service: string): string
  /** Runs a program in a service's container, as its default user or `user`; answers what it printed. */
  exec(service: string, command: readonly string[], user?: string): Promise<string>
  /** SQL as superuser on one node: unaligned rows, columns apart by "|". */
  sql(node: string, statement: string): Promise<string>
  /** A query or mutation that has to succeed: what stands under `data`. */
  graphql<T>(document: string, variables?: Readonly<Record<string, unknown>>, role?: TokenRole): Promise<T>
  start(service: string): Promise<void>
  /** As `docker stop`: gracefully. */
  stop(service: string): Promise<void>
  /** SIGKILL to the container's main process, which Docker starts again only where `start` is called. */
  kill(service: string): Promise<void>
  pause(service: string): Promise<void>
  unpause(service: string): Promise<void>
}

/** The stack that the suite's set-up has started. */
export function stack(): TestStack {
  const facts = inject('stack')
  const container = (service: string) => `${facts.containerPrefix}${service}`
  const act = (verb: string) => async (service: string) => void (await docker(verb, container(service)))
  const exec: TestStack['exec'] = (service, command, user) =>
    docker('exec', ...(user === undefined ? [] : ['--user', user]), container(service), ...command)
  return {
    ...facts,
    container,
    exec,
    sql: (node, statement) =>
      exec(
        node,
        ['env', `PGOPTIONS=${OWN_SESSION}`, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', statement],
        'postgres',
      ),
    graphql: (document, variables = {}, role = 'admin') => ask(facts, document, variables, role),
    start: act('start'),
    stop: act('stop'),
    kill: act('kill'),
    pause: act('pause'),
    unpause: act('unpause'),
  }
}

export function describeStack(
  { project, envFile, secretsDir, settings }: Stack,
  tokens: readonly { readonly name: string; readonly token: string }[],
): StackFacts {
  const token = (role: TokenRole) => tokens.find(({ name }) => name === role)?.token ?? ''
  const ports = Object.entries(settings)
    .filter(([name]) => name.endsWith('_PORT'))
    .map(([name, port]) => [name, Number(port)] as const)
  const host = `localhost:${settings['API_PORT']}`
  return {
    apiUrl: `http://${host}/graphql`,
    wsUrl: `ws://${host}/graphql`,
    sseUrl: `http://${host}/graphql/stream`,
    tokens: { admin: token('admin'), operator: token('operator'), viewer: token('viewer') },
    ports: Object.fromEntries(ports),
    project,
    containerPrefix: settings['CONTAINER_PREFIX'] ?? '',
    envFile,
    secretsDir,
  }
}

async function ask<T>(facts: StackFacts, query: string, variables: object, role: TokenRole): Promise<T> {
  const response = await fetch(facts.apiUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${facts.tokens[role]}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data?: T | null; errors?: unknown }
  if (errors !== undefined || data === undefined || data === null) {
    throw new Error(`GraphQL answered ${response.status}: ${JSON.stringify(errors)}`)
  }
  return data
}
