import { z } from 'zod'
import type { BarmanPaths } from '../../../clients/barman/barman-commands.ts'
import { HowdahError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { BackupServerInput } from '../backup-inputs.ts'
import { serverName } from '../find-server.ts'

/** What archiveWals keeps. */
export const archiveWalsState = z
  .object({
    /** Names of the files that waited when it began. */
    waiting: z.array(z.string()),
  })
  .partial()

type State = z.output<typeof archiveWalsState>
type Context = StepContext<BackupServerInput, State>

const BUSY = /already running/
const POLL_MS = 500
/** Without one file less in this time, it is given up. */
const STALLED_MS = 120_000

/** Barman does not take WAL into its catalogue. */
export class WalsNotFiledError extends HowdahError {
  readonly code = 'WALS_NOT_FILED'
  constructor(
    readonly waiting: readonly string[],
    readonly lastSeen: string,
  ) {
    super(`${waiting.length} file(s) still wait, the first is ${waiting[0] ?? 'none'}; last seen: ${lastSeen}`, {
      remedy: 'See the logs of the barman service, and let Barman check itself: checkBackupServer(input: {}).',
      retryable: true,
    })
  }
}

/** Archives the WAL that was waiting when the step began; later arrivals are left for the next run. */
export const fileWals: Step<BackupServerInput, State> = {
  name: 'file-wals',
  title: "Take waiting WAL into Barman's catalogue",

  async isDone(context) {
    const begun = namesAtBegin(context)
    const waiting = await waitingWals(context)
    const left = begun === null ? waiting : begun.filter((name) => waiting.includes(name))
    return left.length === 0 ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const begun = namesAtBegin(context) ?? (await waitingWals(context))
    await context.keep({ waiting: begun }, `${begun.length} file(s) wait`)
    let left = begun
    let movedAt = context.now().getTime()
    let said = ''
    while (left.length > 0) {
      const turn = startTurn(context)
      do {
        await context.sleep(POLL_MS)
        const waiting = await waitingWals(context)
        const still = begun.filter((name) => waiting.includes(name))
        if (still.length < left.length) movedAt = context.now().getTime()
        left = still
        const done = begun.length - left.length
        context.progress({ percent: (done / begun.length) * 100, message: `${done} of ${begun.length} files` })
      } while (!turn.ended)
      const answer = (await turn.answer).join('; ')
      if (answer !== said && BUSY.test(answer)) context.log(`${answer}: waiting for it`, LogLevel.WARNING)
      said = answer
      if (context.now().getTime() - movedAt > STALLED_MS) throw new WalsNotFiledError(left, said)
    }
    await context.clients.refreshWal(serverName(context))
    await tellOfErrors(context, begun)
    return undefined
  },
}

/** One `barman archive-wal`, which can take minutes: poll for progress while it runs. */
function startTurn(context: Context) {
  const answer = context.clients.barman(serverName(context)).archiveWals(context.signal)
  const turn = { answer, ended: false }
  const end = () => {
    turn.ended = true
  }
  answer.then(end, end)
  return turn
}

/** WAL that lies whole in a directory of arrivals. A partial segment does not wait: it is being written. */
async function waitingWals(context: Context): Promise<string[]> {
  const barman = context.clients.barman(serverName(context))
  const { incoming, streaming } = await pathsOf(context)
  const files = await barman.listFiles([incoming, streaming])
  return [...new Set(files.filter((name) => !name.endsWith('.partial')))]
}

/** What Barman put aside instead of filing it. */
async function tellOfErrors(context: Context, begun: readonly string[]): Promise<void> {
  const { errors } = await pathsOf(context)
  const aside = await context.clients.barman(serverName(context)).listFiles([errors])
  for (const name of aside.filter((file) => begun.some((wal) => file.startsWith(`${wal}.`)))) {
    context.log(`Barman put ${name} into errors/ instead of its catalogue`, LogLevel.WARNING)
  }
}

function pathsOf(context: Context): Promise<BarmanPaths> {
  let paths = known.get(context)
  if (paths === undefined) {
    paths = context.clients.barman(serverName(context)).paths()
    known.set(context, paths)
  }
  return paths
}

/** They do not change while an operation runs, and asking for them starts a Python. */
const known = new WeakMap<Context, Promise<BarmanPaths>>()

function namesAtBegin(context: Context): string[] | null {
  return context.state().waiting ?? null
}
