import { HowdahError } from '../../../domain/errors.ts'

/** From where to where, as the errors below name it. */
export interface Connection {
  readonly from: string
  readonly to: string
  readonly port: number
  /** Of `to`; null when its name is not resolved. */
  readonly address: string | null
  /** What an operator needs to fix it: the state of `to`, and which networks each is on. */
  readonly background: string
}

export class NameNotResolvedError extends HowdahError {
  readonly code = 'NAME_NOT_RESOLVED'
  constructor({ from, to, background }: Connection) {
    super(`${from} cannot resolve the name ${to}`, {
      remedy: `A name is known to running containers on a common network. ${background}`,
      retryable: true,
    })
  }
}

export class PortClosedError extends HowdahError {
  readonly code = 'PORT_CLOSED'
  constructor({ from, to, port, address, background }: Connection) {
    super(`${from} reaches ${to} (${address}), but nothing listens on port ${port} there`, {
      remedy: `Check the port, and whether the service is healthy. ${background}`,
      retryable: true,
    })
  }
}

export class ConnectTimedOutError extends HowdahError {
  readonly code = 'TIMED_OUT'
  constructor({ from, to, port, address, background }: Connection, how: string) {
    super(`${from} gets no connection to ${to} (${address}) on port ${port}: ${how}`, {
      remedy: `The container may be frozen, or its packets dropped on the way. ${background}`,
      retryable: true,
    })
  }
}

/** The image is older than the program that looks. */
export class ProbeMissingError extends HowdahError {
  readonly code = 'PROBE_MISSING'
  constructor(
    readonly service: string,
    readonly output: string,
  ) {
    super(`howdah-reach does not run in ${service}: ${output}`, {
      remedy: `Its image is older than that program: rebuildService(input: {service: "${service}"}), or \`npm start\`.`,
    })
  }
}
