import type { RecoveredCopy } from '../../../clients/agent/recovered-copy.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import { messageOf } from '../../../domain/errors.ts'
import { CopyQueryError } from '../../../domain/recovery/copy-query-error.ts'
import type { AssertionInput } from '../recovery-inputs.ts'

const ASSERTION_MS = 60_000

/** Asks the copy. An assertion that does not hold, one that is wrong, and one that could not be asked are different. */
export async function runAssertion(copy: RecoveredCopy, assertion: AssertionInput, number: number): Promise<Check> {
  const name = `assertion ${number}`
  const { sql, expect, database } = assertion
  try {
    const rows = await copy.query(database ?? 'postgres', sql, ASSERTION_MS)
    const found = rows[0]?.[0] ?? ''
    if (found === expect) return { name, status: CheckStatus.OK, message: sql, hint: null }
    const message = `${sql}: expected ${JSON.stringify(expect)}, found ${JSON.stringify(found)}`
    return { name, status: CheckStatus.FAILED, message, hint: null }
  } catch (error) {
    const { status, hint } = meaningOf(error instanceof CopyQueryError ? error.sqlstate : null)
    const message = `${sql}: ${error instanceof CopyQueryError ? error.said : messageOf(error)}`
    return { name, status, message: status === CheckStatus.UNKNOWN ? `not checked: ${message}` : message, hint }
  }
}

interface Meaning {
  /** How the SQLSTATE begins. */
  readonly begins: string
  readonly status: CheckStatus.FAILED | CheckStatus.UNKNOWN
  readonly hint: string
}

const OWN_FAULT = 'The assertion itself is wrong, whatever the data is: correct its SQL.'
const NOT_THERE = 'What it asks for is not in the recovered data: is it the right moment, database and name?'

/** The first that fits; the standard's classes are the first two characters. */
const MEANINGS: readonly Meaning[] = [
  {
    begins: '42501',
    status: CheckStatus.UNKNOWN,
    hint: 'Role rehearsal may not see it. In the cluster, for recoveries to a later moment: GRANT pg_read_all_data TO rehearsal; ALTER ROLE rehearsal BYPASSRLS; and GRANT EXECUTE for a function.',
  },
  { begins: '42P01', status: CheckStatus.FAILED, hint: NOT_THERE },
  { begins: '42703', status: CheckStatus.FAILED, hint: NOT_THERE },
  { begins: '42883', status: CheckStatus.FAILED, hint: NOT_THERE },
  { begins: '42704', status: CheckStatus.FAILED, hint: NOT_THERE },
  { begins: '3D', status: CheckStatus.FAILED, hint: NOT_THERE },
  { begins: '3F', status: CheckStatus.FAILED, hint: NOT_THERE },
  {
    begins: '28',
    status: CheckStatus.UNKNOWN,
    hint: 'In the cluster, for recoveries to a later moment: CREATE ROLE rehearsal LOGIN BYPASSRLS; GRANT pg_read_all_data TO rehearsal.',
  },
  { begins: '42', status: CheckStatus.FAILED, hint: OWN_FAULT },
  // One query, which only reads.
  { begins: '25006', status: CheckStatus.FAILED, hint: OWN_FAULT },
  { begins: '21', status: CheckStatus.FAILED, hint: OWN_FAULT },
  { begins: '22', status: CheckStatus.FAILED, hint: OWN_FAULT },
  { begins: 'P0', status: CheckStatus.FAILED, hint: 'A function that it calls raised this.' },
  {
    begins: 'XX001',
    status: CheckStatus.FAILED,
    hint: 'The data is damaged: verify the base backup (verifyBackup), and recover from another one.',
  },
  {
    begins: 'XX002',
    status: CheckStatus.FAILED,
    hint: 'An index is damaged: verify the base backup (verifyBackup), and recover from another one.',
  },
  { begins: '55P03', status: CheckStatus.UNKNOWN, hint: 'Another session holds it: ask again in the recovered data.' },
  { begins: '57014', status: CheckStatus.UNKNOWN, hint: 'It may take 60 s: ask something that takes less.' },
]

/** Whatever else keeps an answer from coming says nothing about the data. */
function meaningOf(sqlstate: string | null): Pick<Meaning, 'status' | 'hint'> {
  const known = sqlstate === null ? undefined : MEANINGS.find(({ begins }) => sqlstate.startsWith(begins))
  return known ?? { status: CheckStatus.UNKNOWN, hint: 'Nothing is known by this: ask again in the recovered data.' }
}
