// @ts-check

const NAMED = /^[A-Za-z_][A-Za-z0-9_]*/
const BRACED = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])([\s\S]*))?$/

/**
 * Puts variables into a text as Compose 2 does: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`, `${NAME+other}`,
 * `${NAME:?why}`, `${NAME?why}`, in one another too; `$$` is a dollar sign. With a colon an empty value counts as none.
 * @param {string} text
 * @param {(name: string) => string | undefined} lookup
 * @returns {{ value: string, problem: string }} `problem`: why Compose refuses it; empty: it does not.
 */
export function substitute(text, lookup) {
  let value = ''
  let rest = text
  for (;;) {
    const at = rest.indexOf('$')
    if (at < 0) return { value: value + rest, problem: '' }
    value += rest.slice(0, at)
    rest = rest.slice(at + 1)
    const [named] = NAMED.exec(rest) ?? []
    if (rest.startsWith('$')) {
      value += '$'
      rest = rest.slice(1)
    } else if (named !== undefined) {
      value += lookup(named) ?? ''
      rest = rest.slice(named.length)
    } else if (rest.startsWith('{')) {
      const end = closingBrace(rest)
      if (end < 0) return { value: '', problem: 'a variable that begins with "${" has no closing brace' }
      const { value: put, problem } = resolve(rest.slice(1, end), lookup)
      if (problem !== '') return { value: '', problem }
      value += put
      rest = rest.slice(end + 1)
    } else {
      value += '$'
    }
  }
}

/**
 * @param {string} expression What stands between the braces.
 * @param {(name: string) => string | undefined} lookup
 * @returns {{ value: string, problem: string }}
 */
function resolve(expression, lookup) {
  const [, name, operator = '', operand = ''] = BRACED.exec(expression) ?? []
  if (name === undefined) return { value: '', problem: 'what stands between braces behind "$" is no variable' }
  const found = lookup(name)
  const isThere = found !== undefined && !(operator.startsWith(':') && found === '')
  if (operator.endsWith('+')) return isThere ? substitute(operand, lookup) : { value: '', problem: '' }
  if (isThere || operator === '') return { value: found ?? '', problem: '' }
  if (operator.endsWith('-')) return substitute(operand, lookup)
  return { value: '', problem: `${name} is needed, and not set${operand === '' ? '' : `: ${operand}`}` }
}

/**
 * @param {string} text Begins with the opening brace.
 */
function closingBrace(text) {
  let open = 0
  for (let index = 0; index < text.length; index++) {
    if (index === 0 || text.startsWith('${', index - 1)) open++
    else if (text[index] === '}') open--
    if (open === 0) return index
  }
  return -1
}
