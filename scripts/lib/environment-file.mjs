// @ts-check
import { substitute } from './interpolation.mjs'

/**
 * @typedef {object} Entry One `NAME=value` of an environment file.
 * @property {string} name
 * @property {number} line On which it begins, from 1.
 * @property {string} value As Compose has it: quotes and comments taken off, variables put in.
 * @property {string} literal The same before variables are put in: what is written is what is meant.
 * @property {'' | "'" | '"'} quote
 * @property {boolean} escaped Whether there is a backslash in it.
 *
 * @typedef {{ line: number, name: string, problem: string }} FileFault `name`: empty where the line has none. Never a value: it may be a secret.
 *
 * @typedef {(name: string) => string | undefined} Lookup
 */

/** What Compose takes for space inside a line. */
const SPACE = '[\\t\\v\\f\\r \\u0085\\u00a0]'
const KEY = new RegExp(`^(?:export${SPACE}+)?([\\p{L}\\p{N}_.\\-[\\]]+)$`, 'u')
const BEHIND_QUOTE = new RegExp(`^${SPACE}*(?:#.*)?$`)
/** Those that Compose 2 knows between double quotes. */
const ESCAPES = /\\([abfnrtv$"\\]|0\d{0,3})/g
/** @type {Readonly<Record<string, string>>} */
const ESCAPED = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '"': '"', '\\': '\\' }

/**
 * Reads an environment file as Compose 2 does; docs/CONFIGURATION.md says where docker-compose 1.29 differs. There is no library
 * for it: dotenv, @dotenvx/primitives, @env-spec/parser and Node's parseEnv all take `a#b` for `a` and a comment. The test
 * compares it with the Compose of the machine. What Compose would refuse is a fault, and the rest is read all the same.
 * @param {string} text
 * @param {Lookup} [environment] Wins over the file, as it does for Compose.
 * @returns {{ entries: Entry[], faults: FileFault[] }}
 */
export function readEnvironmentFile(text, environment = () => undefined) {
  /** @type {Map<string, string>} */
  const known = new Map()
  const lookup = (/** @type {string} */ name) => environment(name) ?? known.get(name)
  /** @type {Entry[]} */
  const entries = []
  /** @type {FileFault[]} */
  const faults = []
  for (const statement of statementsOf(text.replace(/^\ufeff/, ''))) {
    const { line } = statement
    if ('problem' in statement) {
      faults.push({ line, name: statement.name, problem: statement.problem })
      continue
    }
    const { name, quote, escaped, literal, template } = statement
    const { value, problem } = template === null ? { value: literal, problem: '' } : substitute(template, lookup)
    if (problem !== '') faults.push({ line, name, problem })
    known.set(name, value)
    entries.push({ name, line, value, literal, quote, escaped })
  }
  return { entries, faults }
}

/**
 * @typedef {{ line: number, name: string, problem: string } | { line: number, name: string, quote: Entry['quote'], escaped: boolean, literal: string, template: string | null }} Statement
 *   `template`: what variables are put into; null between single quotes.
 */

/**
 * @param {string} text
 * @returns {Generator<Statement>}
 */
function* statementsOf(text) {
  let position = 0
  let line = 1
  while (position < text.length) {
    const end = lineEnd(text, position)
    const content = text.slice(position, end)
    const separator = content.search(/[=:]/)
    const head = trim(separator < 0 ? content : content.slice(0, separator))
    const name = KEY.exec(head)?.[1] ?? ''
    const next = { position: end + 1, line: line + 1 }
    if (trim(content) === '' || trim(content).startsWith('#')) {
      // Nothing, or a comment.
    } else if (name === '') {
      yield { line, name, problem: 'neither NAME=value nor a comment' }
    } else if (separator >= 0) {
      const { after, ...statement } = valueAt(text, skipSpace(text, position + separator + 1), { name, line })
      yield statement
      next.line = line + newlines(text.slice(position, after))
      next.position = after
    }
    ;({ position, line } = next)
  }
}

/**
 * @param {string} text
 * @param {number} start Of the value.
 * @param {{ name: string, line: number }} at
 * @returns {Statement & { after: number }} `after`: where the next statement begins.
 */
function valueAt(text, start, at) {
  const end = lineEnd(text, start)
  const quote = text[start]
  if (quote !== "'" && quote !== '"') {
    const literal = trimEnd(text.slice(start, end).split(' #', 1)[0] ?? '')
    return { ...at, quote: '', escaped: literal.includes('\\'), literal, template: literal, after: end + 1 }
  }
  const closing = closingQuote(text, start, quote)
  if (closing < 0) return { ...at, problem: `the quote (${quote}) has no end`, after: end + 1 }
  const after = lineEnd(text, closing)
  if (!BEHIND_QUOTE.test(text.slice(closing + 1, after))) {
    // Rather the quote of a later line: what stands in between is read by itself.
    const problem = `something other than a comment stands behind the closing quote (${quote})`
    return { ...at, problem, after: end + 1 }
  }
  const raw = text.slice(start + 1, closing)
  const quoted = { ...at, quote: /** @type {Entry['quote']} */ (quote), escaped: raw.includes('\\'), after: after + 1 }
  if (quote === "'") return { ...quoted, literal: raw.replaceAll("\\'", "'"), template: null }
  return { ...quoted, literal: withoutEscapes(raw, '$'), template: withoutEscapes(raw, '$$') }
}

/**
 * @param {string} text
 * @param {number} start
 * @param {string} quote
 */
function closingQuote(text, start, quote) {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === quote) return index
  }
  return -1
}

/**
 * @param {string} raw
 * @param {string} dollar What `\$` becomes.
 */
function withoutEscapes(raw, dollar) {
  return raw.replace(ESCAPES, (_, /** @type {string} */ escaped) => {
    if (escaped === '$') return dollar
    return escaped.startsWith('0') ? String.fromCharCode(Number.parseInt(escaped, 8)) : (ESCAPED[escaped] ?? escaped)
  })
}

/**
 * @param {string} text
 * @param {number} from
 */
function lineEnd(text, from) {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

/**
 * @param {string} text
 * @param {number} from
 */
function skipSpace(text, from) {
  return from + (new RegExp(`^${SPACE}*`).exec(text.slice(from))?.[0].length ?? 0)
}

/** @param {string} text */
const trim = (text) => trimEnd(text.slice(skipSpace(text, 0)))

/** @param {string} text */
const trimEnd = (text) => text.replace(new RegExp(`${SPACE}+$`), '')

/** @param {string} text */
const newlines = (text) => text.split('\n').length - 1
