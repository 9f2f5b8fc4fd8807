import { describe, expect, test } from 'vitest'
import {
  compareRelations,
  DATABASES_READ,
  RELATIONS_COMPARED,
  type RowEstimates,
  readRowEstimates,
  TABLES_READ,
} from '../../../../src/domain/recovery/row-estimates.ts'

/** Tables of one database, by name. */
function estimates(
  rows: Readonly<Record<string, number | null>>,
  { database = 'app', state = 'READ' as 'READ' | 'CUT' | 'UNREAD' } = {},
): RowEstimates {
  const relations = Object.entries(rows).map(([relation, count]) => ({ database, relation, rows: count }))
  return { databases: { [database]: state }, relations }
}

const namesOf = (there: RowEstimates, now: RowEstimates) => compareRelations(there, now).map(({ relation }) => relation)

describe('tables there and now', () => {
  test('come with the largest difference first, what is missing before what is not', () => {
    const there = estimates({ 'public.same': 5, 'public.orders': 100, 'public.empty': 0, 'public.unknown': null })
    const now = estimates({ 'public.same': 5, 'public.orders': 10, 'public.new': 30, 'public.unknown': null })
    expect(compareRelations(there, now)).toEqual([
      {
        database: 'app',
        relation: 'public.orders',
        rowsThere: 100,
        rowsNow: 10,
        missingThere: false,
        missingNow: false,
      },
      { database: 'app', relation: 'public.new', rowsThere: null, rowsNow: 30, missingThere: true, missingNow: false },
      { database: 'app', relation: 'public.empty', rowsThere: 0, rowsNow: null, missingThere: false, missingNow: true },
      { database: 'app', relation: 'public.same', rowsThere: 5, rowsNow: 5, missingThere: false, missingNow: false },
      {
        database: 'app',
        relation: 'public.unknown',
        rowsThere: null,
        rowsNow: null,
        missingThere: false,
        missingNow: false,
      },
    ])
  })

  test('are not called missing where they were only cut off, or could not be read', () => {
    const there = estimates({ 'public.small': 1, 'public.big': 9 })
    expect(namesOf(there, estimates({ 'public.big': 9 }, { state: 'CUT' }))).toEqual(['public.big'])
    expect(namesOf(there, estimates({}, { state: 'UNREAD' }))).toEqual([])
    expect(namesOf(estimates({}, { state: 'UNREAD' }), there)).toEqual([])
  })

  test('are missing with their database, and the same name in another database is another table', () => {
    const there = estimates({ 'public.t': 1 })
    const now = estimates({ 'public.t': 1 }, { database: 'other' })
    expect(compareRelations(there, now)).toMatchObject([
      { database: 'app', missingThere: false, missingNow: true },
      { database: 'other', missingThere: true, missingNow: false },
    ])
  })

  test('are bounded', () => {
    const many = Object.fromEntries(Array.from({ length: RELATIONS_COMPARED + 1 }, (_, index) => [`t${index}`, index]))
    expect(namesOf(estimates(many), estimates({}))).toHaveLength(RELATIONS_COMPARED)
    expect(namesOf(estimates(many), estimates({}))[0]).toBe(`t${RELATIONS_COMPARED}`)
  })
})

describe('what is read', () => {
  const isList = (sql: string) => sql.includes('pg_database')

  test('is every database, and of each its largest tables', async () => {
    const answers: Record<string, (string | null)[][]> = {
      app: [
        ['public.orders', '100'],
        ['public.new', null],
      ],
      big: Array.from({ length: TABLES_READ + 1 }, (_, index) => [`public.t${index}`, '1']),
    }
    const found = await readRowEstimates(async (database, sql) => {
      if (isList(sql)) return [['app'], ['big'], ['closed']]
      const rows = answers[database]
      if (rows === undefined) throw new Error('permission denied for database "closed"')
      return rows
    })
    expect(found.databases).toEqual({ app: 'READ', big: 'CUT', closed: 'UNREAD' })
    expect(found.relations).toHaveLength(2 + TABLES_READ)
    expect(found.relations.slice(0, 2)).toEqual([
      { database: 'app', relation: 'public.orders', rows: 100 },
      { database: 'app', relation: 'public.new', rows: null },
    ])
  })

  test('are so many databases; of the others it says that they were not', async () => {
    const names = Array.from({ length: DATABASES_READ + 1 }, (_, index) => [`d${index}`])
    const { databases } = await readRowEstimates(async (_, sql) => (isList(sql) ? names : []))
    expect(Object.values(databases).filter((state) => state === 'READ')).toHaveLength(DATABASES_READ)
    expect(databases[`d${DATABASES_READ}`]).toBe('UNREAD')
  })

  test('is nothing where the list of databases cannot be read', async () => {
    await expect(readRowEstimates(() => Promise.reject(new Error('away')))).rejects.toThrow('away')
  })
})
