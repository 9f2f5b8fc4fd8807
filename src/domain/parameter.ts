/** One of PostgreSQL's parameters, as pg_settings describes it. */
export interface Parameter {
  /** As PostgreSQL writes it: "DateStyle". */
  readonly name: string
  readonly type: 'bool' | 'integer' | 'real' | 'string' | 'enum'
  /** What a number without a unit counts: "8kB", "ms"; null: nothing. */
  readonly unit: string | null
  /** Bounds of a number, in that unit. */
  readonly least: number | null
  readonly most: number | null
  /** Of an enum. */
  readonly values: readonly string[]
}

/** By their names in lower case. */
export type Parameters = ReadonlyMap<string, Parameter>

const WORDS_OF_BOOL = ['true', 'false', 'yes', 'no']
const BOOL = /^(on|off?|[01])$/
const NUMBER = /^([+-]?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))\s*([a-z]*)$/i
/** What an enum takes beside a value of its own, and pg_settings does not tell. */
const HIDDEN: Readonly<Record<string, readonly string[]>> = {
  on: ['true', 'yes', '1'],
  off: ['false', 'no', '0'],
  debug2: ['debug'],
  logical: ['archive', 'hot_standby'],
}
/** Bytes, and microseconds. Upper and lower case are not the same. */
const UNITS: Readonly<Record<string, readonly [of: 'memory' | 'time', size: number]>> = {
  B: ['memory', 1],
  kB: ['memory', 2 ** 10],
  MB: ['memory', 2 ** 20],
  GB: ['memory', 2 ** 30],
  TB: ['memory', 2 ** 40],
  us: ['time', 1],
  ms: ['time', 1_000],
  s: ['time', 1_000_000],
  min: ['time', 60_000_000],
  h: ['time', 3_600_000_000],
  d: ['time', 86_400_000_000],
}

/**
 * What PostgreSQL would want instead of this value; null where it may take it. What only a check of PostgreSQL's own tells, as
 * whether there is such a time zone, is not known here.
 */
export function wantedInstead(parameter: Parameter, value: string | number | boolean): string | null {
  const text = String(value).trim()
  switch (parameter.type) {
    case 'string':
      return null
    case 'bool':
      return isBool(text) ? null : 'on or off'
    case 'enum':
      return isOneOf(parameter.values, text) ? null : `one of ${parameter.values.join(', ')}`
    default:
      return isInBounds(parameter, text) ? null : describeNumber(parameter)
  }
}

/** Whatever the case, on both sides: "TLSv1.2". */
function isOneOf(values: readonly string[], text: string): boolean {
  const word = text.toLowerCase()
  const hidden = Object.entries(HIDDEN).flatMap(([value, others]) => (values.includes(value) ? others : []))
  return [...values, ...hidden].some((each) => each.toLowerCase() === word)
}

function isBool(text: string): boolean {
  const word = text.toLowerCase()
  return BOOL.test(word) || (word !== '' && WORDS_OF_BOOL.some((each) => each.startsWith(word)))
}

function isInBounds({ type, unit, least, most }: Parameter, text: string): boolean {
  const [, digits, given = ''] = NUMBER.exec(text) ?? []
  if (digits === undefined) return false
  const amount = amountIn(Number(digits.replace(/^\+/, '')), given, unit)
  if (amount === null || !Number.isFinite(amount)) return false
  const counted = type === 'integer' ? Math.round(amount) : amount
  return (least === null || counted >= least) && (most === null || counted <= most)
}

/** A number with a unit in that of the parameter; null where it has none of that kind. */
function amountIn(amount: number, given: string, unit: string | null): number | null {
  if (given === '') return amount
  const [, count = '', base = ''] = /^(\d*)(\w+)$/.exec(unit ?? '') ?? []
  const [from, to] = [UNITS[given], UNITS[base]]
  if (from === undefined || to === undefined || from[0] !== to[0]) return null
  return (amount * from[1]) / (Number(count || '1') * to[1])
}

function describeNumber({ type, unit, least, most }: Parameter): string {
  const kind = type === 'integer' ? 'a whole number' : 'a number'
  const bounds = least === null || most === null ? '' : ` from ${least} to ${most}`
  return `${kind}${bounds}${unit === null ? '' : `, in ${unit} or with a unit`}`
}
