/** One line that a service wrote. Source: Docker's log of its container. */
export interface LogLine {
  /** When Docker received it. */
  readonly at: Date
  readonly stream: 'stdout' | 'stderr'
  /** Without the line's end. */
  readonly text: string
}
