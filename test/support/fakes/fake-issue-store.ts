import type { FirstSeen } from '../../../src/domain/health/first-seen.ts'
import { IssueChange, type OpenIssue } from '../../../src/domain/health/issue-events.ts'
import { LogUnavailableError } from '../../../src/events/event-errors.ts'
import type { IssueStore } from '../../../src/events/issue-store.ts'

/** The store of one cluster's issues, in memory. */
export class FakeIssueStore implements IssueStore {
  /** As Redis is. */
  away = false
  readonly issues = new Map<string, OpenIssue>()
  /** By token. */
  readonly sights = new Map<string, FirstSeen>()
  #writer: string | null = null
  #revision = 0

  async read() {
    this.#answer()
    return { issues: [...this.issues.values()], revision: String(this.#revision) }
  }

  async tellSights(_cluster: string, token: string, sights: FirstSeen) {
    this.#answer()
    this.sights.set(token, new Map(sights))
    return [...this.sights.values()]
  }

  async takeLease(_cluster: string, token: string) {
    this.#answer()
    this.#writer ??= token
    return this.#writer === token
  }

  async releaseLease(_cluster: string, token: string) {
    if (this.#writer === token) this.#writer = null
  }

  async record(_cluster: string, token: string, revision: string, updates: Parameters<IssueStore['record']>[3]) {
    this.#answer()
    if (this.#writer !== token) return 'LOST' as const
    if (revision !== String(this.#revision)) return 'STALE' as const
    for (const { change, issue } of updates) {
      if (change === IssueChange.RESOLVED) this.issues.delete(issue.id)
      else this.issues.set(issue.id, issue)
    }
    this.#revision += 1
    return 'OK' as const
  }

  #answer(): void {
    if (this.away) throw new LogUnavailableError(new Error('it is away'))
  }
}
