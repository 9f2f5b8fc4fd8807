import type { JsonChange } from '../../domain/configuration/merge-patch.ts'
import { HowdahError } from '../../domain/errors.ts'

/** The dynamic configuration is no longer the one that the plan was made on. */
export class ConfigurationConflictError extends HowdahError {
  readonly code = 'CONFLICT'
  constructor(readonly changes: readonly JsonChange[]) {
    const told = changes.map(({ path, from, to }) => `${path} (${text(from)} -> ${text(to)})`).join(', ')
    super(`another client changed the configuration since this was planned: ${told || 'and changed it back'}`, {
      remedy: 'Read the new configuration and ask again: the plan will show what the patch does to it.',
    })
  }
}

/** Patroni answered a change of its configuration with a refusal. */
export class ConfigurationRefusedError extends HowdahError {
  readonly code = 'CONFIGURATION_REFUSED'
  constructor(reason: string) {
    super(`Patroni did not take the configuration: ${reason}`, {
      remedy: 'See cluster.etcd: without its quorum nothing can be written.',
      retryable: true,
    })
  }
}

/** A node's PostgreSQL does not take a value: nothing was written. */
export class BadValueError extends HowdahError {
  readonly code = 'BAD_VALUE'
  constructor(
    readonly node: string,
    /** PostgreSQL's own words. */
    readonly reason: string,
  ) {
    super(`PostgreSQL on ${node} does not take the values: ${reason}`, {
      remedy: 'Nothing was written. Ask again with a value that PostgreSQL takes.',
    })
  }
}

/** What would be written would not come into force on a node: nothing was written. */
export class OverriddenError extends HowdahError {
  readonly code = 'NOT_TO_BE_SET_HERE'
  constructor(
    readonly node: string,
    readonly parameters: readonly string[],
    reset: string,
  ) {
    super(`${parameters.join(', ')} would not change on ${node}: ALTER SYSTEM has set it there, which comes first`, {
      remedy: `Take that back, then ask again: ${reset}`,
    })
  }
}

function text(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
