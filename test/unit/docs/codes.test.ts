import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../../src/domain/error-codes.ts'
import { REFUSAL_CODES } from '../../../src/domain/refusal-codes.ts'

const SRC = join(import.meta.dirname, '../../../src')

async function sources(): Promise<string> {
  const files = (await readdir(SRC, { recursive: true })).filter((file) => file.endsWith('.ts'))
  const code = files.filter((file) => !/domain\/(refusal|error)-codes\.ts$/.test(file))
  return (await Promise.all(code.map((file) => readFile(join(SRC, file), 'utf8')))).join('\n')
}

// That no code is used which is not in the tables, the compiler sees.
test('no code is listed that nothing uses', async () => {
  const text = await sources()
  const unused = Object.keys({ ...REFUSAL_CODES, ...ERROR_CODES }).filter((code) => !text.includes(`'${code}'`))
  expect(unused).toEqual([])
})

test('a code that both refusals and errors have means the same in both', () => {
  const both = Object.keys(REFUSAL_CODES).filter((code) => code in ERROR_CODES)
  expect(both.sort()).toEqual([
    'BACKUP_FAILED',
    'BAD_VALUE',
    'CANDIDATE_NOT_ELIGIBLE',
    'CHECKS_FAILING',
    'CONFLICT',
    'ETCD_NO_QUORUM',
    'LEADER_NOT_DEAD',
    'NOT_TO_BE_SET_HERE',
    'NO_LEADER',
    'PLAN_CHANGED',
    'RECOVERY_NOT_READY',
    'SERVICE_MISSING',
    'TABLESPACE_MISPLACED',
    'TIMELINE_TAKEN',
  ])
})
