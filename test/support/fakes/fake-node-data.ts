import type {
  ControlDataAnswer,
  LeftTimeline,
  NodeData,
  Stopping,
  SwapAnswer,
  SwapDirectories,
} from '../../../src/clients/agent/node-data.ts'
import { NodeCommandError } from '../../../src/domain/cluster/node-command-error.ts'

/** What pg_control says of data that was shut down cleanly on timeline 1. */
export function controlData(
  changes: Partial<Extract<ControlDataAnswer, { read: 'WHOLE' }>> = {},
): Extract<ControlDataAnswer, { read: 'WHOLE' }> {
  return {
    read: 'WHOLE',
    systemIdentifier: '7',
    state: 'shut down',
    checkpointLsn: '0/C000028',
    timeline: 1,
    ...changes,
  }
}

/** A node on which nothing is left to be stopped. */
export const STOPPED: Stopping = { patroni: false, postgres: null, control: 'shut down' }

/** By what is there: the live data, the copy's, the previous data. As docker/agent/howdah/data/swap.py has it. */
const PROGRESS: Readonly<Record<string, Exclude<SwapAnswer['progress'], 'UNEXPECTED'>>> = {
  'true,true,false': 'NOT_SWAPPED',
  'true,false,false': 'NO_COPY',
  'false,true,true': 'HALF',
  'true,false,true': 'SWAPPED',
}

/** A node in memory: its data directories and its Patroni. What a test sets up stands in its fields. */
export class FakeNodeData implements NodeData {
  /** What was changed, in order. */
  readonly done: string[]
  live = '/data/patroni'
  /** Of the base backup that its data was made from. */
  copiedFrom: string | null = null
  /** Of every data directory alike. */
  control: ControlDataAnswer = controlData()
  left: LeftTimeline[] = []
  /** What the archiver has left. */
  waitingWal: string[] = []
  bytes: number | Error = 1e6
  /** Why nothing can be removed. */
  stuck: Error | null = null
  /** Data directories that there are: where, and whose. */
  readonly data = new Map<string, string>()
  /** First line of the file that keeps Patroni down. */
  down: string | null = null
  isUp = true
  /** How each stop ends. */
  stops: (request: { by: string; seconds: number }) => Stopping = () => STOPPED
  /** Whether Patroni has ended when it is started. */
  starts: () => 'STARTED' | 'STOPPING' = () => 'STARTED'

  constructor(done: string[] = []) {
    this.done = done
  }

  async liveDirectory(): Promise<string> {
    return this.live
  }

  async origin(): Promise<string | null> {
    return this.copiedFrom
  }

  async controlData(): Promise<ControlDataAnswer> {
    return this.control
  }

  async history(): Promise<readonly LeftTimeline[]> {
    return this.left
  }

  async handOverWal(): Promise<readonly string[]> {
    return this.waitingWal.splice(0)
  }

  async size(): Promise<number> {
    if (this.bytes instanceof Error) throw this.bytes
    return this.bytes
  }

  async removePrevious(directory: string): Promise<void> {
    if (this.stuck !== null) throw this.stuck
    this.done.push(`remove ${directory}`)
  }

  async swapProgress({ live, copy, previous }: SwapDirectories): Promise<SwapAnswer> {
    const paths = [live, `${copy}/data`, `${previous}/data`]
    const there = paths.map((path) => this.data.has(path))
    const progress = PROGRESS[there.join()]
    if (progress !== undefined) return { progress }
    const seen = paths.map((path, index) => `${path} is ${there[index] ? '' : 'not '}there`)
    return { progress: 'UNEXPECTED', seen: seen.join(', ') }
  }

  async checkSwap(directories: SwapDirectories): Promise<void> {
    await this.expected(directories)
  }

  async swap(directories: SwapDirectories): Promise<void> {
    const { live, copy, previous } = directories
    const progress = await this.expected(directories)
    if (progress === 'NO_COPY') throw refusal(`there is no ${copy}/data`)
    if (progress === 'NOT_SWAPPED') this.move(live, `${previous}/data`)
    if (progress !== 'SWAPPED') this.move(`${copy}/data`, live)
    this.done.push('swap')
  }

  async swapBack(directories: SwapDirectories): Promise<void> {
    const { live, copy, previous } = directories
    const progress = await this.expected(directories)
    if (progress === 'SWAPPED') this.move(live, `${copy}/data`)
    if (progress === 'SWAPPED' || progress === 'HALF') this.move(`${previous}/data`, live)
    this.done.push('swap back')
  }

  async keptDownBy(): Promise<string | null> {
    return this.down
  }

  async isPatroniStarted(): Promise<boolean> {
    return this.isUp && this.down === null
  }

  async startPatroni(): Promise<'STARTED' | 'STOPPING'> {
    const answer = this.starts()
    if (answer === 'STARTED') {
      this.done.push('start')
      this.isUp = true
      this.down = null
    }
    return answer
  }

  async stopPatroni(request: { by: string; seconds: number }): Promise<Stopping> {
    this.done.push('stop')
    this.down ??= request.by
    const stopping = this.stops(request)
    this.isUp = stopping.patroni
    return stopping
  }

  async endPatroni(): Promise<void> {
    this.done.push('end Patroni')
  }

  async stopPostgres(): Promise<void> {
    this.done.push('stop PostgreSQL')
  }

  async endBoth(): Promise<void> {
    this.done.push('end both')
  }

  private async expected(directories: SwapDirectories): Promise<SwapAnswer['progress']> {
    const answer = await this.swapProgress(directories)
    if (answer.progress === 'UNEXPECTED') throw refusal(`no cut-over leaves directories like these: ${answer.seen}`)
    return answer.progress
  }

  private move(from: string, to: string): void {
    this.data.set(to, this.data.get(from) ?? '')
    this.data.delete(from)
  }
}

/** As the program refuses something. */
export function refusal(why: string, exitCode = 1): NodeCommandError {
  return new NodeCommandError('db2', 'howdah-data', `howdah-data: ${why} (exit code ${exitCode})`, exitCode)
}
