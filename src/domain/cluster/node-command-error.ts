import { HowdahError } from '../errors.ts'

/** Docker's answers for a program that could not be started, and for one that was killed: with its container, here. */
const NOT_STARTED = 126
const KILLED = 137
/** And for a program that the container does not have; Docker 20.10 says NOT_STARTED for that as well, and why. */
const UNKNOWN = 127
const NO_PROGRAM = /executable file not found|no such file or directory/i

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
      remedy: isUnknown(exitCode, said)
        ? `Its image is older than that program: rebuildService(input: {service: "${service}"}), or \`npm start\`.`
        : `See the logs of ${service}.`,
    })
  }

  /** Its container died around it: nothing is wrong with what was asked. */
  get diedWithContainer(): boolean {
    return this.exitCode === KILLED || (this.exitCode === NOT_STARTED && !isUnknown(this.exitCode, this.said))
  }
}

function isUnknown(exitCode: number | null, said: string): boolean {
  return exitCode === UNKNOWN || (exitCode === NOT_STARTED && NO_PROGRAM.test(said))
}
