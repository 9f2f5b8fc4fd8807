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

function text(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
