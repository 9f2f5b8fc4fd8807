import { HowdahError } from '../errors.ts'

/** Docker's answers for a program that could not be started, and for one that was killed: with its container, here. */
const AROUND_IT = new Set([126, 137])
/** And for a program that the container does not have. */
const UNKNOWN = 127

/** A program in a container ended with a fault; its own words. */
export class NodeCommandError extends HowdahError {
  readonly code = 'NODE_COMMAND_FAILED'
  constructor(
    readonly service: string,
    readonly program: string,
    readonly said: string,
    /** Null: it is not known, or it says nothing. */
    readonly exitCode: number | null = null,
  ) {
    super(`${program} in ${service}: ${said}`, {
      remedy:
        exitCode === UNKNOWN
          ? `Its image is older than that program: rebuildService(input: {service: "${service}"}), or \`npm start\`.`
          : `See the logs of ${service}.`,
    })
  }

  /** Its container died around it: nothing is wrong with what was asked. */
  get diedWithContainer(): boolean {
    return this.exitCode !== null && AROUND_IT.has(this.exitCode)
  }
}
