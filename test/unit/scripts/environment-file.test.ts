import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readEnvironmentFile } from '../../../scripts/lib/environment-file.mjs'
import { composeClients, readWithCompose } from '../../support/compose-oracle.ts'

interface Case {
  readonly text: string
  /** What Compose 2 (2.26) reads; null: it refuses the file. */
  readonly compose2: Readonly<Record<string, string>> | null
  /** What docker-compose 1.29.2 reads, where that is something else. */
  readonly compose1?: Readonly<Record<string, string>> | null
}

const NAMES = ['A', 'B']
/** Recorded from both generations with `readWithCompose`: what is held here where there is no Compose. */
const CASES: readonly Case[] = JSON.parse(
  readFileSync(new URL('../../support/fixtures/environment-files.json', import.meta.url), 'utf8'),
)
const clients = composeClients()
// An own table of every machine; on one without Compose the skipped tests say that the oracle was not asked.
const asked = clients.length === 0 ? ' (no Compose here: the recorded table alone)' : ''

/** What Howdah reads, as the table has it. */
function read(text: string, names: readonly string[] = NAMES) {
  const { entries, faults } = readEnvironmentFile(text)
  if (faults.length > 0) return null
  return Object.fromEntries(entries.flatMap(({ name, value }) => (names.includes(name) ? [[name, value]] : [])))
}

describe(`an environment file${asked}`, () => {
  it.each(CASES)('$text is read as Compose 2 does', ({ text, compose2 }) => {
    expect(read(text)).toEqual(compose2)
  })

  it.each([
    ['A=5000   # for psql', '5000'],
    ['A="127.0.0.1" # local', '127.0.0.1'],
    ['A=a#b', 'a#b'],
    [`export A=\${B:-x}$$`, 'x$'],
  ])('%s is %s, whatever the table says', (text, value) => {
    expect(read(text)).toEqual({ A: value })
  })

  it('takes what a variable refers to from the environment first', () => {
    const { entries } = readEnvironmentFile('B=file\nA=$B', (name) => (name === 'B' ? 'environment' : undefined))
    expect(entries.at(-1)?.value).toBe('environment')
  })

  it('says on which line a fault is, and goes on behind it', () => {
    const text = 'A="two\nlines"\nno line of it\nB="open\nC=3\nD=${x\nE=\'a\'b\n'
    const { entries, faults } = readEnvironmentFile(text)
    expect(entries.map(({ name, line }) => `${name} ${line}`)).toEqual(['A 1', 'C 5', 'D 6'])
    expect(faults.map(({ line, name }) => `${line} ${name}`)).toEqual(['3 ', '4 B', '6 D', '7 E'])
  })

  it('shows no value in a fault', () => {
    const { faults } = readEnvironmentFile("A=\"secret\nsecret = x y\nsecret secret\nB=${secret\nC='a'secret")
    expect(faults.map(({ line }) => line)).toEqual([1, 3, 4, 5])
    expect(faults.map(({ problem }) => problem).join()).not.toContain('secret')
  })
})

/** Both generations read these alike: `P` is set and not empty, `NONE` is not set. */
const plain = fc.stringMatching(/^[A-Za-z0-9_.,:/@%+=-][A-Za-z0-9_.,:/@%+#='"-]{0,12}$/)
const operand = fc.stringMatching(/^[A-Za-z0-9_.,:/@%+#= -]{0,12}$/)
const quoted = fc.stringMatching(/^[A-Za-z0-9 #=:.\t-]{0,12}$/)
const comment = fc.constantFrom('', ' # comment', '   #', ' # it\'s "one"', ' #a#b')
const value = fc.oneof(
  fc.constant(''),
  fc.tuple(plain, comment).map((parts) => parts.join('')),
  fc.tuple(quoted, comment).map(([text, more]) => `"${text}"${more}`),
  fc.tuple(quoted, comment).map(([text, more]) => `'${text}'${more}`),
  fc.tuple(quoted, quoted).map(([one, other]) => `"x${one}\n${other}y"`),
  fc.tuple(plain, operand).map(([one, other]) => `"${one.replaceAll('"', '')}\${P:-${other}}\${NONE:-${other}}x" # y`),
  fc.constantFrom(`\${P}`, `x\${NONE}y#z`, `"\${P} \${NONE:-d}"`, '"\\"\\n"', '$', 'a$', '`x`', "it's", 'a\\n\\'),
)
const statement = fc.tuple(fc.constantFrom('', 'export ', '  '), fc.constantFrom('=', ' = ', '= '), value)

describe.skipIf(clients.length === 0)('Compose itself', () => {
  describe.each(clients)('$command', (client) => {
    it('reads the recorded cases as they were recorded', { timeout: 300_000 }, () => {
      const expected = ({ compose1, compose2 }: Case) =>
        client.generation === 1 && compose1 !== undefined ? compose1 : compose2
      // One file for all that can share one, because each call of Compose costs a second; of the others some, by themselves.
      const mayShare = ({ text, compose1, compose2 }: Case) =>
        compose2 !== null &&
        compose1 !== null &&
        Object.keys(compose1 ?? compose2).length > 0 &&
        // The first looks for a quote's end far behind a backslash.
        !/^\ufeff|\\["']$/.test(text)
      const variables = (text: string, index: number) => text.replaceAll(/(\$\{?[ABC])\b/g, `$1${index}`)
      const renamed = (text: string, index: number) =>
        variables(text, index).replaceAll(/^(\s*(?:export\s+)?[ABC])\b/gm, `$1${index}`)
      const together = CASES.filter(mayShare)
      const names = together.flatMap((_, index) => NAMES.map((name) => `${name}${index}`))
      const wanted = together.flatMap((one, index) =>
        Object.entries(expected(one) ?? {}).map(([name, is]) => [`${name}${index}`, variables(is, index)]),
      )
      expect(together.length).toBeGreaterThan(90)
      const text = together.map((one, index) => renamed(one.text, index)).join('\n')
      expect(readWithCompose(client, text, names)).toEqual(Object.fromEntries(wanted))
      for (const one of CASES.filter((one) => !mayShare(one)).slice(0, 8)) {
        expect(readWithCompose(client, one.text, NAMES), JSON.stringify(one.text)).toEqual(expected(one))
      }
    })

    it('reads any file of the syntax that both generations share as Howdah does', { timeout: 300_000 }, () => {
      const file = fc.array(statement, { minLength: 40, maxLength: 60 })
      fc.assert(
        fc.property(file, (statements) => {
          const names = statements.map((_, index) => `V${index}`)
          const lines = statements.map(([before, equals, is], index) => `${before}V${index}${equals}${is}\n`)
          const text = ['P=is set\n', ...lines].join('')
          expect(read(text, names)).toEqual(readWithCompose(client, text, names))
        }),
        // Shrinking would ask Compose a hundred times; the differing values are in the message.
        { numRuns: 4, endOnFailure: true },
      )
    })
  })
})
