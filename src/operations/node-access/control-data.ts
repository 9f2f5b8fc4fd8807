import { HowdahError, UnexpectedAnswerError } from '../../domain/errors.ts'
import type { StepContext } from '../context.ts'
import { runScript } from './run-script.ts'

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
export interface ControlData {
  readonly systemIdentifier: string
  /** PostgreSQL's words: "shut down", "shut down in recovery", "in production". */
  readonly state: string
  /** Where the newest checkpoint lies. */
  readonly checkpointLsn: string
  readonly timeline: number
}

export async function readControlData(
  context: StepContext<unknown>,
  service: string,
  directory: string,
): Promise<ControlData> {
  const text = await runScript(context, service, 'LC_ALL=C pg_controldata -D "$1" 2>&1', [directory], {
    user: 'postgres',
  })
  const values = new Map(
    text.split('\n').map((line) => {
      const [name = '', ...rest] = line.split(':')
      return [name.trim(), rest.join(':').trim()] as const
    }),
  )
  // It ends with 0 all the same, and says what it has read.
  if (/^pg_controldata: warning: calculated CRC checksum does not match/m.test(text))
    throw new ControlDataDamagedError(service, directory)
  const value = (name: string) => {
    const found = values.get(name)
    if (found === undefined || found === '')
      throw new UnexpectedAnswerError(`pg_controldata in ${service}`, `no "${name}"`)
    return found
  }
  return {
    systemIdentifier: value('Database system identifier'),
    state: value('Database cluster state'),
    checkpointLsn: value('Latest checkpoint location'),
    timeline: Number(value("Latest checkpoint's TimeLineID")),
  }
}

/** Where a node's Patroni has its data. */
export async function readLiveDirectory(context: StepContext<unknown>, service: string): Promise<string> {
  return (await runScript(context, service, 'printenv PATRONI_POSTGRESQL_DATA_DIR', [])).trim()
}
