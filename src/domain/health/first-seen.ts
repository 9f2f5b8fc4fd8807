/** When each issue was first seen: by its id, ISO 8601 in UTC. */
export type FirstSeen = ReadonlyMap<string, string>

/** What one process sees, each since the first of all that see it: the processes do not look at the same moment. */
export function earliestSights(own: FirstSeen, all: readonly FirstSeen[]): Map<string, string> {
  return new Map(
    [...own].map(([id, since]) => {
      const [first = since] = [since, ...all.flatMap((sights) => sights.get(id) ?? [])].sort()
      return [id, first]
    }),
  )
}
