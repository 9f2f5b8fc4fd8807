import { z } from 'zod'
import { parseAnswer } from '../parse-answer.ts'

/** What a container has used up to a moment. */
export interface ContainerUsage {
  readonly at: Date
  /** Processor time since the container was started, in nanoseconds over all cores. */
  readonly cpuNanoseconds: number
  /** Without the page cache that the kernel would give up at once. */
  readonly memoryBytes: number | null
  readonly memoryLimitBytes: number | null
}

const statsSchema = z.object({
  read: z.string(),
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
  memory_stats: z.object({
    usage: z.number().nullish(),
    limit: z.number().nullish(),
    stats: z.object({ inactive_file: z.number().nullish(), total_inactive_file: z.number().nullish() }).nullish(),
  }),
})

/** Reads one sample of `GET /containers/NAME/stats`. Throws UnexpectedAnswerError. */
export function parseContainerUsage(system: string, answer: unknown): ContainerUsage {
  const { read, cpu_stats, memory_stats } = parseAnswer(system, statsSchema, answer)
  const { usage, limit, stats } = memory_stats
  // cgroup v1 has both names, and only the total counts the container's children.
  const cache = stats?.total_inactive_file ?? stats?.inactive_file ?? 0
  return {
    at: new Date(read),
    cpuNanoseconds: cpu_stats.cpu_usage.total_usage,
    memoryBytes: usage === null || usage === undefined ? null : Math.max(0, usage - cache),
    memoryLimitBytes: limit ?? null,
  }
}

/** Percent of one core between two samples; null when they do not follow each other, as after a restart. */
export function cpuPercentBetween(before: ContainerUsage | undefined, after: ContainerUsage): number | null {
  if (before === undefined) return null
  const milliseconds = after.at.getTime() - before.at.getTime()
  const nanoseconds = after.cpuNanoseconds - before.cpuNanoseconds
  if (milliseconds <= 0 || nanoseconds < 0) return null
  return (nanoseconds / 1e6 / milliseconds) * 100
}
