import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { callsIn, committedSchema, faultsOf } from '../../support/remedy-calls.ts'

const SRC = resolve(import.meta.dirname, '../../../src')
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

describe('a mutation that a text for users names is a whole call, or stands alone in parentheses', () => {
  // Words of the language as well: only their calls are looked at.
  const names = Object.keys(mutations).filter((name) => !['failover', 'switchover'].includes(name))
  const NAMED = new RegExp(`\\b(?:${names.join('|')})\\b`)

  /** What is left of a text once its valid calls and its names in parentheses are taken out. */
  function rest(text: string): string {
    const whole = callsIn(text).filter((call) => faultsOf(call, schema).length === 0)
    return whole
      .reduce((left, call) => left.replaceAll(call.text, ''), text)
      .replaceAll(/\((\w+)\)/g, (group, name) => (names.includes(name) ? '' : group))
  }

  test.each([
    ['Take one with createBackup.', false],
    ['rebuildService barman.', false],
    ['Take one: createBackup(input: {kind: FULL}).', false],
    ['Take one: createBackup(input: {type: FULL}).', true],
    ['Remove them (deleteBackup).', true],
  ])('%s', (text, allowed) => {
    expect(NAMED.test(rest(text))).toBe(!allowed)
  })

  test('in all sources', () => {
    const bare = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => textsIn(file).map((text) => ({ file, text })))
      .filter(({ text }) => NAMED.test(text) && NAMED.test(rest(text)))
    expect(bare).toEqual([])
  })

  /** Sentences of a source file, without the descriptions of the schema; what is put in is a name. */
  function textsIn(file: string): string[] {
    const texts: string[] = []
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyAssignment(node) && node.name.getText(source) === 'description') return
      if (ts.isCallExpression(node) && node.expression.getText(source) === 'describeEnum') return
      if (ts.isStringLiteralLike(node)) texts.push(node.text)
      if (ts.isTemplateExpression(node)) {
        const parts = node.templateSpans.map(({ literal }) => literal.text)
        // In the place of a whole argument an object is put in, anywhere else a name.
        texts.push(parts.reduce((text, part) => `${text}${/\w: $/.test(text) ? '{}' : 'name'}${part}`, node.head.text))
      }
      ts.forEachChild(node, visit)
    }
    const source = ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.Latest)
    visit(source)
    return texts.filter((text) => text.includes(' '))
  }
})

describe('a command for the host names a container by its own name, or a service through Compose', () => {
  // CONTAINER_PREFIX may give the name of the service to a container of another stack.
  const BY_SERVICE =
    /docker (?:exec|logs|start|stop|restart|unpause|inspect)(?: -\S+)* +(?!\$\{container\}|\.\.\.)[\w$]/

  test.each([
    [`docker exec \${container} psql -U postgres`, true],
    [`docker compose exec -T \${service} psql -U postgres`, true],
    [`docker inspect --format '{{json .State}}' \${container}`, true],
    ['Replaces `docker restart`. For the PostgreSQL of a node', true],
    ['Replaces `docker exec ... getent hosts`', true],
    [`docker exec \${leader.service?.name ?? leader.name} psql`, false],
    ['docker exec -i db1 psql', false],
    [`docker logs \${service}`, false],
  ])('%s: %s', (text, allowed) => {
    expect(BY_SERVICE.test(text)).toBe(!allowed)
  })

  test('in all sources', () => {
    const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
    const found = files.flatMap((file) =>
      readFileSync(join(SRC, file), 'utf8')
        .split('\n')
        .filter((line) => BY_SERVICE.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    )
    expect(found).toEqual([])
  })
})
