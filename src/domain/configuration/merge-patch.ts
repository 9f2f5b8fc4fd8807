type Json = Readonly<Record<string, unknown>>

/** One value that differs between two JSON objects. `undefined`: it is not there. */
export interface JsonChange {
  /** Keys from the top, joined by dots: "postgresql.parameters.work_mem". */
  readonly path: string
  readonly from: unknown
  readonly to: unknown
}

/**
 * A JSON object with a patch merged into it: objects merge key by key, null removes a key, all else replaces
 * (RFC 7386, and Patroni's PATCH /config). Neither argument is changed.
 */
export function mergePatch(base: Json, patch: Json): Json {
  const kept = Object.entries(base).filter(([key]) => !Object.hasOwn(patch, key))
  const put = Object.entries(patch).flatMap(([key, value]): [string, unknown][] => {
    if (value === null || value === undefined) return []
    if (!isJsonObject(value)) return [[key, value]]
    const before = Object.hasOwn(base, key) ? base[key] : undefined
    return [[key, mergePatch(isJsonObject(before) ? before : {}, value)]]
  })
  return Object.fromEntries([...kept, ...put])
}

/** Every value that differs, sorted by path; objects are looked into, lists are not. */
export function jsonChanges(from: Json, to: Json, prefix = ''): JsonChange[] {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort()
  return keys.flatMap((key) => {
    const path = `${prefix}${key}`
    const before = Object.hasOwn(from, key) ? from[key] : undefined
    const after = Object.hasOwn(to, key) ? to[key] : undefined
    if (sameJson(before, after)) return []
    if (isJsonObject(before) && isJsonObject(after)) return jsonChanges(before, after, `${path}.`)
    return [{ path, from: before, to: after }]
  })
}

/**
 * The patch that takes `patch` back from where it was merged into `base`, and touches nothing else: what others have
 * changed meanwhile at other places stays.
 */
export function reversePatch(base: Json, patch: Json): Json {
  return Object.fromEntries(
    Object.entries(patch).map(([key, value]) => {
      const before = Object.hasOwn(base, key) ? base[key] : undefined
      if (before === undefined) return [key, null]
      return [key, isJsonObject(before) && isJsonObject(value) ? reversePatch(before, value) : before]
    }),
  )
}

/** Whether two JSON values are equal, whatever the order of keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((each, index) => sameJson(each, b[index]))
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
}

export function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
