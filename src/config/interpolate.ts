const VARIABLE = /\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}/g

/**
 * Puts the environment into every string of a parsed file: `${NAME}`, or `${NAME:-default}` where it may be missing or
 * empty. Names that are missing and have no default are collected in `missing`.
 */
export function interpolate(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  missing: Set<string>,
): unknown {
  if (typeof value === 'string') {
    return value.replace(VARIABLE, (_, name: string, fallback: string | undefined) => {
      const found = environment[name]
      if (found !== undefined && (found !== '' || fallback === undefined)) return found
      if (fallback === undefined) missing.add(name)
      return fallback ?? ''
    })
  }
  if (Array.isArray(value)) return value.map((item) => interpolate(item, environment, missing))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, interpolate(item, environment, missing)]),
    )
  }
  return value
}
