import { seenNow } from '../observed.ts'
import { currentHistory, type TimelineHistory } from '../wal/timeline-history.ts'
import type { ClusterSnapshot } from './cluster.ts'
import { isLeading, type NodeView, viewNodes } from './node-view.ts'

/** A snapshot with what several fields derive from it, each computed once. */
export class ClusterView {
  readonly snapshot: ClusterSnapshot
  #nodes: readonly NodeView[] | null = null

  private constructor(snapshot: ClusterSnapshot) {
    this.snapshot = snapshot
  }

  static readonly #views = new WeakMap<ClusterSnapshot, ClusterView>()

  /** The same view for the same snapshot. */
  static of(snapshot: ClusterSnapshot): ClusterView {
    let view = ClusterView.#views.get(snapshot)
    if (view === undefined) {
      view = new ClusterView(snapshot)
      ClusterView.#views.set(snapshot, view)
    }
    return view
  }

  get name(): string {
    return this.snapshot.name
  }

  get nodes(): readonly NodeView[] {
    this.#nodes ??= viewNodes(this.snapshot)
    return this.#nodes
  }

  get leader(): NodeView | null {
    return this.nodes.find((node) => isLeading(node.role)) ?? null
  }

  /** That of the leader; without one the highest that a node is on. */
  get timeline(): number | null {
    const timelines = this.nodes.flatMap((node) => node.timeline ?? [])
    return this.leader?.timeline ?? (timelines.length === 0 ? null : Math.max(...timelines))
  }

  get histories(): readonly TimelineHistory[] {
    const switches = seenNow(this.snapshot.topology)?.timelineHistory
    return switches === undefined ? [] : [currentHistory(switches, this.timeline)]
  }
}
