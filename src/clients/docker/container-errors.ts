import { HowdahError, NotFoundError, UnreachableError } from '../../domain/errors.ts'

/** `npm start` leaves alone what runs. */
const MAKE_MISSING = 'Make the missing containers with `npm start`; those that run are left alone.'

/** Docker has no such container. */
export class ContainerMissingError extends NotFoundError {
  constructor(message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, { remedy: MAKE_MISSING, ...options })
  }
}

/** The container's name is another project's, or another service's: what is asked must never be done to that one. */
export class ForeignContainerError extends ContainerMissingError {
  constructor(
    wanted: { readonly name: string; readonly project: string; readonly service: string },
    owner: { readonly project: string; readonly service: string },
  ) {
    super(
      `Docker's container ${wanted.name} belongs to service ${owner.service} of Compose project ${owner.project}, not to service ${wanted.service} of project ${wanted.project}`,
      {
        remedy: `See the projects with \`docker ps --all --format '{{.Names}} {{.Label "com.docker.compose.project"}}'\`; set COMPOSE_PROJECT_NAME in .env to the one that is meant, or another CONTAINER_PREFIX where both shall run; then \`npm start\`.`,
      },
    )
  }
}

/** Docker will not do that with the container as it is now; its own words. */
export class ContainerConflictError extends HowdahError {
  readonly code = 'CONTAINER_CONFLICT'
  constructor(
    readonly container: string,
    /** In Docker's words. */
    readonly reason: string,
    options: { cause?: unknown } = {},
  ) {
    super(`Docker refuses to do that with ${container} as it is now: ${reason}`, {
      remedy: remedyFor(container, reason),
      ...options,
    })
  }
}

/** In a container that is stopped or frozen nothing can be run now: it is away, though its engine answers. */
export class ContainerAwayError extends UnreachableError {
  constructor({ container, reason, remedy, cause }: ContainerConflictError) {
    super(`Docker ${container}`, reason, { cause, ...(remedy === null ? {} : { remedy }) })
  }
}

function remedyFor(container: string, reason: string): string {
  if (/paused/i.test(reason)) return `Let it go on: \`docker unpause ${container}\`.`
  if (/marked for removal|removal of container/i.test(reason)) return `It is being removed. ${MAKE_MISSING}`
  if (/already in use/i.test(reason)) {
    return `See which container has the name: \`docker ps --all --filter name=${container}\`; remove or rename the one that is not needed, and ask again.`
  }
  if (/not running/i.test(reason)) return `Start it: \`docker start ${container}\`.`
  return `See what Docker has: \`docker inspect --format '{{json .State}}' ${container}\`; ask again when it stands still.`
}
