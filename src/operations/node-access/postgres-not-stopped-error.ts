import { composeLogs } from '../../domain/cluster/compose-exec.ts'
import { HowdahError } from '../../domain/errors.ts'

/** PostgreSQL was asked to stop and has not written its shutdown checkpoint in time. */
export class PostgresNotStoppedError extends HowdahError {
  readonly code = 'POSTGRES_NOT_STOPPED'
  constructor(service: string, waitedMs: number, seen: string) {
    super(`PostgreSQL of ${service} has not stopped within ${Math.round(waitedMs / 1000)} s: ${seen}`, {
      remedy: `It waits for one of the processes that are named, and is ended and started again now. Try again; where it is the same one, find out why: ${composeLogs(service)}. A walsender waits for who receives from it: restartService(input: {service: "barman"}) for Barman's.`,
      retryable: true,
    })
  }
}
