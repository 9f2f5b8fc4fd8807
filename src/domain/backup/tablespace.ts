/** A tablespace of a user's. Source: pg_tablespace, or what Barman noted of it with a base backup. */
export interface Tablespace {
  readonly oid: number
  readonly name: string
  /** The directory, as given to CREATE TABLESPACE: on every node the same. */
  readonly location: string
}

/**
 * Why data with this tablespace cannot take the place of a node's; null when it can. Recovered data and what it replaces change
 * places by rename, which only works within the node's volume, and outside of its data directories.
 */
export function whyNotSwappable(location: string, volume: string): string | null {
  const inside = location.startsWith(`${volume}/`) ? location.slice(volume.length + 1).split('/') : []
  const [top = ''] = inside
  if (top === '') return `it lies in ${location}, outside of the node's volume ${volume}`
  if (/^patroni\d*(\.|$)/.test(top)) return `it lies in ${location}, inside a data directory`
  return null
}

/** One of each location; the first that is named counts. */
export function byLocation(...lists: readonly (readonly Tablespace[])[]): Tablespace[] {
  const found = new Map<string, Tablespace>()
  for (const tablespace of lists.flat()) {
    if (!found.has(tablespace.location)) found.set(tablespace.location, tablespace)
  }
  return [...found.values()]
}
