import type { IssueEvent, OpenIssue } from '../../../src/domain/health/issue-events.ts'
import { follow } from '../../../src/events/event-follower.ts'
import type { IssueBook } from '../../../src/events/issue-recorder.ts'
import type { IssueFeed } from '../../../src/events/issue-store.ts'
import { NOW } from '../builders/observed.ts'

/** What is known of issues, in memory. */
export class FakeIssues {
  readonly written: OpenIssue[] = []
  readonly history: IssueEvent[] = []
  readonly #waiting = new Set<() => void>()

  readonly book: IssueBook = {
    since: (id) => this.written.find((issue) => issue.id === id)?.since ?? NOW.toISOString(),
    open: () => this.written,
    acknowledge: async (id, acknowledgement) => {
      const at = this.written.findIndex((issue) => issue.id === id)
      const issue = this.written[at]
      if (issue === undefined) return null
      const acknowledged = { ...issue, acknowledged: acknowledgement }
      this.written[at] = acknowledged
      return acknowledged
    },
  }

  emit(event: Omit<IssueEvent, 'cursor'>): IssueEvent {
    const told = { ...event, cursor: `${this.history.length + 1}-0` }
    this.history.push(told)
    for (const wake of this.#waiting) wake()
    return told
  }

  readonly feed: Pick<IssueFeed, 'follow' | 'position'> = {
    position: () => `${this.history.length}-0`,
    follow: (passes, after) =>
      follow<IssueEvent>(
        {
          next: async (cursor) => {
            const rest = this.history.slice(Number.parseInt(cursor, 10))
            const event = rest.find(passes) ?? null
            return { event, cursor: event?.cursor ?? `${this.history.length}-0` }
          },
          stopped: () => false,
          wait: () => this.#wait(),
        },
        { begin: async () => after ?? `${this.history.length}-0` },
      ),
  }

  #wait() {
    let wake = () => {}
    const done = new Promise<void>((resolve) => {
      wake = resolve
    })
    this.#waiting.add(wake)
    const cancel = () => {
      this.#waiting.delete(wake)
      wake()
    }
    return { done, cancel }
  }
}
