import type { ControlDataAnswer } from '../../clients/agent/node-data.ts'
import { HowdahError, UnexpectedAnswerError } from '../../domain/errors.ts'
import type { StepContext } from '../context.ts'
import { askNode } from './ask-node.ts'

/** pg_control of a data directory is not what its own checksum says: nothing in it can be gone by. */
export class ControlDataDamagedError extends HowdahError {
  readonly code = 'CONTROL_DATA_DAMAGED'
  constructor(
    readonly service: string,
    readonly directory: string,
  ) {
    super(`global/pg_control in ${directory} of ${service} does not match its checksum`, {
      remedy:
        'Do not start that data. Copy it from the leader (reinitializeNode) or recover the cluster (recoverCluster), and look at the disk.',
    })
  }
}

/** What pg_controldata says of a data directory whose PostgreSQL need not run. */
export type ControlData = Omit<Extract<ControlDataAnswer, { readonly read: 'WHOLE' }>, 'read'>

export async function readControlData(
  context: StepContext<unknown>,
  service: string,
  directory: string,
): Promise<ControlData> {
  const answer = await askNode(context, service, (node) => node.controlData(directory))
  switch (answer.read) {
    case 'DAMAGED':
      throw new ControlDataDamagedError(service, directory)
    case 'PARTIAL':
      throw new UnexpectedAnswerError(`pg_controldata in ${service}`, `no "${answer.missing}"`)
    case 'WHOLE': {
      const { read: _, ...control } = answer
      return control
    }
  }
}

/** Where a node's Patroni has its data. */
export function readLiveDirectory(context: StepContext<unknown>, service: string): Promise<string> {
  return askNode(context, service, (node) => node.liveDirectory())
}
