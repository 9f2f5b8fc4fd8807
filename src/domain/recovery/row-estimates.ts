/** A table or materialized view, and how many rows PostgreSQL estimates for it. Source: pg_class.reltuples. */
export interface RelationEstimate {
  readonly database: string
  /** With its schema, quoted where PostgreSQL would: `public.orders`. */
  readonly relation: string
  /** Null: it was never vacuumed or analyzed. */
  readonly rows: number | null
}

/** What one PostgreSQL estimates of its tables. */
export interface RowEstimates {
  /** Every database that takes connections; `READ` with all of its tables, `CUT` with its largest alone. */
  readonly databases: Readonly<Record<string, 'READ' | 'CUT' | 'UNREAD'>>
  readonly relations: readonly RelationEstimate[]
}

/** One table there, in the recovered data, and now, in the running cluster. */
export interface RelationComparison {
  readonly database: string
  readonly relation: string
  readonly rowsThere: number | null
  readonly rowsNow: number | null
  readonly missingThere: boolean
  readonly missingNow: boolean
}

/** Of each database the largest, in so many databases; the others are not compared. */
export const TABLES_READ = 200
export const DATABASES_READ = 20
/** Those that differ most. */
export const RELATIONS_COMPARED = 100

const DATABASES = 'SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname'
const RELATIONS = `SELECT format('%I.%I', nspname, relname), CASE WHEN reltuples >= 0 THEN reltuples::bigint::text END
FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
ORDER BY reltuples DESC, 1 LIMIT ${TABLES_READ + 1}`

/**
 * Reads them. `ask` answers one statement in one database, rows as text. Throws what `ask` throws about the list of
 * databases; a database that cannot be asked is UNREAD.
 */
export async function readRowEstimates(
  ask: (database: string, sql: string) => Promise<readonly (readonly (string | null)[])[]>,
): Promise<RowEstimates> {
  const names = (await ask('postgres', DATABASES)).map(([name]) => name ?? '')
  const databases: Record<string, 'READ' | 'CUT' | 'UNREAD'> = {}
  const relations: RelationEstimate[] = []
  for (const [index, database] of names.entries()) {
    const rows = index < DATABASES_READ ? await ask(database, RELATIONS).catch(() => null) : null
    databases[database] = rows === null ? 'UNREAD' : rows.length > TABLES_READ ? 'CUT' : 'READ'
    for (const [relation, estimate] of (rows ?? []).slice(0, TABLES_READ)) {
      relations.push({ database, relation: relation ?? '', rows: estimate == null ? null : Number(estimate) })
    }
  }
  return { databases, relations }
}

/**
 * The tables that differ most, those first; what is missing on one side before what is not. A database that was not read on
 * one side is left out, and so is a table that may only have been cut off there.
 */
export function compareRelations(there: RowEstimates, now: RowEstimates): RelationComparison[] {
  const keyOf = ({ database, relation }: RelationEstimate) => JSON.stringify([database, relation])
  const sides = [there, now].map(({ relations }) => new Map(relations.map((each) => [keyOf(each), each])))
  const [ofThere = new Map(), ofNow = new Map()] = sides as Map<string, RelationEstimate>[]
  const keys = new Set([...ofThere.keys(), ...ofNow.keys()])
  const compared = [...keys].flatMap((key): RelationComparison[] => {
    const [here, current] = [ofThere.get(key), ofNow.get(key)]
    const known = here ?? current
    if (known === undefined || !isTold(there, known, here) || !isTold(now, known, current)) return []
    return [
      {
        database: known.database,
        relation: known.relation,
        rowsThere: here?.rows ?? null,
        rowsNow: current?.rows ?? null,
        missingThere: here === undefined,
        missingNow: current === undefined,
      },
    ]
  })
  return compared.sort(byDifference).slice(0, RELATIONS_COMPARED)
}

/** Whether a side says that it has a table, or that it has not. */
function isTold({ databases }: RowEstimates, { database }: RelationEstimate, found: RelationEstimate | undefined) {
  const state = databases[database]
  return found !== undefined || state === undefined || state === 'READ'
}

function byDifference(a: RelationComparison, b: RelationComparison): number {
  const difference = ({ rowsThere, rowsNow }: RelationComparison) => Math.abs((rowsThere ?? 0) - (rowsNow ?? 0))
  const isMissing = ({ missingThere, missingNow }: RelationComparison) => Number(missingThere || missingNow)
  const name = ({ database, relation }: RelationComparison) => `${database}.${relation}`
  return difference(b) - difference(a) || isMissing(b) - isMissing(a) || (name(a) < name(b) ? -1 : 1)
}
