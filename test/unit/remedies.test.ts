import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { callsIn, committedSchema, faultsOf } from '../support/remedy-calls.ts'

const SRC = resolve(import.meta.dirname, '../../src')
const schema = committedSchema()
const mutations = schema.getMutationType()?.getFields() ?? {}

/** Calls as users are told them, wherever in the sources: a name that is put in is a name. */
const CALL = /\b([a-z][A-Za-z]+)\([a-z]\w*: (?:"[^"]*"|[^()"$])*\)/g
const calls = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => {
    const lines = readFileSync(join(SRC, file), 'utf8').split('\n')
    const texts = lines.filter((line) => /['`]/.test(line)).map((line) => line.replaceAll(/"\$\{[^}]*\}"/g, '"name"'))
    return texts
      .flatMap((line) => [...line.matchAll(CALL)])
      .filter(([, name = '']) => name in mutations)
      .flatMap(([text]) => callsIn(text))
      .map((call) => [`${call.text} in ${file}`, call] as const)
  })

test('there are some', () => {
  expect(calls.length).toBeGreaterThan(20)
})

test.each(calls)('the schema takes %s', (_, call) => {
  expect(faultsOf(call, schema)).toEqual([])
})
