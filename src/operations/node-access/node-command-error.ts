import { HowdahError } from '../../domain/errors.ts'

/** A program in a container ended with a fault; its own words. */
export class NodeCommandError extends HowdahError {
  readonly code = 'NODE_COMMAND_FAILED'
  constructor(
    readonly service: string,
    readonly program: string,
    readonly said: string,
  ) {
    super(`${program} in ${service}: ${said}`, { remedy: `See the logs of ${service}.` })
  }
}
