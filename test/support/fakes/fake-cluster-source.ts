import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import type { LogLine } from '../../../src/domain/cluster/log-line.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import type { RowEstimates } from '../../../src/domain/recovery/row-estimates.ts'
import type { WalSegment } from '../../../src/domain/wal/wal-catalogue.ts'
import type { ClusterSource } from '../../../src/graphql/request-context.ts'

/** A cluster whose snapshot the test sets. */
export class FakeClusterSource implements ClusterSource {
  #snapshot: ClusterSnapshot
  readonly #all = new Set<(snapshot: ClusterSnapshot) => void>()
  readonly #topology = new Set<(snapshot: ClusterSnapshot) => void>()
  readonly #wals = new Set<(segment: WalSegment, server: string) => void>()
  lines: LogLine[] = []
  /** Lines that were taken from `streamLogs`, of all streams. */
  taken = 0
  streaming = 0

  constructor(snapshot: ClusterSnapshot) {
    this.#snapshot = snapshot
  }

  /** What its leader estimates; null: it cannot be asked. */
  rowEstimates: RowEstimates | null = null

  async readRowEstimates(): Promise<RowEstimates> {
    if (this.rowEstimates === null) throw new UnreachableError('the leader of patroni', 'no node leads')
    return this.rowEstimates
  }

  get listeners(): number {
    return this.#all.size + this.#topology.size + this.#wals.size
  }

  current(): ClusterSnapshot {
    return this.#snapshot
  }

  change(snapshot: ClusterSnapshot): void {
    this.#snapshot = snapshot
    for (const listener of [...this.#topology, ...this.#all]) listener(snapshot)
  }

  archive(segment: WalSegment, server = 'patroni'): void {
    for (const listener of this.#wals) listener(segment, server)
  }

  onChange(listener: (snapshot: ClusterSnapshot) => void): () => void {
    this.#all.add(listener)
    return () => this.#all.delete(listener)
  }

  onTopologyChange(listener: (snapshot: ClusterSnapshot) => void): () => void {
    this.#topology.add(listener)
    return () => this.#topology.delete(listener)
  }

  onWalArchived(listener: (segment: WalSegment, server: string) => void): () => void {
    this.#wals.add(listener)
    return () => this.#wals.delete(listener)
  }

  async logs(_service: string, tail: number | null): Promise<readonly LogLine[]> {
    return this.lines.slice(-(tail ?? this.lines.length))
  }

  /** As many lines as its reader takes, without end. */
  async *streamLogs(
    _service: string,
    _tail: number | null,
    _since: Date | null,
    signal: AbortSignal,
  ): AsyncGenerator<LogLine> {
    this.streaming++
    try {
      for (let index = 0; !signal.aborted; index++) {
        const line = this.lines[index] ?? (await this.#nextLine(signal))
        if (line === null) return
        this.taken++
        yield line
      }
    } finally {
      this.streaming--
    }
  }

  /** What `streamLogs` goes on with; null: it waits until it is aborted. */
  endless: LogLine | null = null

  async #nextLine(signal: AbortSignal): Promise<LogLine | null> {
    if (this.endless !== null) return this.endless
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }))
  }
}
