import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import type { WalRecord } from '../../../../src/domain/recovery/recovery-proof.ts'

const AGENT = resolve(import.meta.dirname, '../../../../docker/agent')
const PARSE = `import json, sys
sys.dont_write_bytecode = True
sys.path[:0] = [${JSON.stringify(AGENT)}]
from howdah.recovery import proving
print(json.dumps([proving.parse(line) for line in json.loads(sys.argv[1])]))`

/** As pg_waldump of PostgreSQL 17 printed them, with TZ=UTC: what is told of each. */
const CASES: readonly [string, string, Partial<WalRecord> | null][] = [
  [
    'a commit',
    'rmgr: Transaction len (rec/tot):     34/    34, tx:        739, lsn: 0/0201F168, prev 0/0201F128, desc: COMMIT 2026-11-28 19:32:58.681437 UTC',
    {
      rmgr: 'Transaction',
      operation: 'COMMIT',
      lsn: '0/0201F168',
      previous: '0/0201F128',
      xid: '739',
      time: '2026-11-28T19:32:58.681437Z',
      name: null,
      backupBegin: null,
    },
  ],
  [
    'a commit with subtransactions',
    'rmgr: Transaction len (rec/tot):     46/    46, tx:        740, lsn: 0/0201F210, prev 0/0201F1D0, desc: COMMIT 2026-11-28 19:32:58.681904 UTC; subxacts: 741',
    { xid: '740', time: '2026-11-28T19:32:58.681904Z' },
  ],
  [
    'a commit that drops relations',
    'rmgr: Transaction len (rec/tot):    469/   469, tx:        748, lsn: 0/02026200, prev 0/020261C8, desc: COMMIT 2026-11-28 19:32:58.693154 UTC; rels: base/5/16384; dropped stats: 2/5/16384; inval msgs: catcache 80 catcache 79 relcache 16384 snapshot 2608',
    { operation: 'COMMIT', xid: '748', time: '2026-11-28T19:32:58.693154Z' },
  ],
  [
    'a roll-back',
    'rmgr: Transaction len (rec/tot):     34/    34, tx:        743, lsn: 0/0201F2C0, prev 0/0201F280, desc: ABORT 2026-11-28 19:32:58.682541 UTC',
    { operation: 'ABORT', xid: '743', time: '2026-11-28T19:32:58.682541Z' },
  ],
  [
    'the commit of a prepared transaction, of which it has the id',
    'rmgr: Transaction len (rec/tot):     42/    42, tx:          0, lsn: 0/0201F4B0, prev 0/0201F488, desc: COMMIT_PREPARED 744: 2026-11-28 19:32:58.683279 UTC',
    { operation: 'COMMIT_PREPARED', xid: '744', time: '2026-11-28T19:32:58.683279Z' },
  ],
  [
    'its roll-back',
    'rmgr: Transaction len (rec/tot):     42/    42, tx:          0, lsn: 0/0201F680, prev 0/0201F658, desc: ABORT_PREPARED 746: 2026-11-28 19:32:58.684082 UTC',
    { operation: 'ABORT_PREPARED', xid: '746', time: '2026-11-28T19:32:58.684082Z' },
  ],
  [
    'a preparation, which ends nothing',
    'rmgr: Transaction len (rec/tot):    242/   242, tx:        744, lsn: 0/0201F350, prev 0/0201F310, desc: PREPARE gid one: 2026-11-28 19:32:58.682805 UTC',
    { operation: 'PREPARE', xid: '744', time: null },
  ],
  [
    'a restore point whose name has blanks, quotes and commas',
    'rmgr: XLOG        len (rec/tot):     98/    98, tx:          0, lsn: 0/0201F6B0, prev 0/0201F680, desc: RESTORE_POINT before  the "big", desc: migration 1',
    { rmgr: 'XLOG', operation: 'RESTORE_POINT', name: 'before  the "big", desc: migration 1', time: null },
  ],
  [
    'one whose name begins and ends with a blank',
    'rmgr: XLOG        len (rec/tot):     98/    98, tx:          0, lsn: 0/0201F718, prev 0/0201F6B0, desc: RESTORE_POINT  leading and trailing ',
    { name: ' leading and trailing ' },
  ],
  [
    'one whose name is a commit',
    'rmgr: XLOG        len (rec/tot):     98/    98, tx:          0, lsn: 0/0201F718, prev 0/0201F6B0, desc: RESTORE_POINT COMMIT 2026-11-28 19:32:58.681437 UTC',
    { operation: 'RESTORE_POINT', name: 'COMMIT 2026-11-28 19:32:58.681437 UTC', time: null },
  ],
  [
    'the end of a base backup, with where it began',
    'rmgr: XLOG        len (rec/tot):     34/    34, tx:          0, lsn: 0/030000F8, prev 0/03000080, desc: BACKUP_END 0/3000028',
    { operation: 'BACKUP_END', backupBegin: '0/3000028', name: null },
  ],
  [
    'a checkpoint',
    'rmgr: XLOG        len (rec/tot):    114/   114, tx:          0, lsn: 0/03000080, prev 0/03000048, desc: CHECKPOINT_ONLINE redo 0/3000028; tli 1; prev tli 1; fpw true; wal_level replica; xid 0:750; oid 24576; multi 1; offset 0; oldest xid 730 in DB 1; oldest multi 1 in DB 1; oldest/newest commit timestamp xid: 0/0; oldest running xid 750; online',
    { rmgr: 'XLOG', operation: 'CHECKPOINT_ONLINE', xid: '0', time: null, name: null, backupBegin: null },
  ],
  [
    'a switch, which has nothing to say',
    'rmgr: XLOG        len (rec/tot):     24/    24, tx:          0, lsn: 0/03000120, prev 0/030000F8, desc: SWITCH ',
    { operation: 'SWITCH', lsn: '0/03000120' },
  ],
  [
    'a tablespace',
    'rmgr: Tablespace  len (rec/tot):     38/    38, tx:        749, lsn: 0/020286C8, prev 0/02028618, desc: CREATE 16387 "/tmp/ts"',
    { rmgr: 'Tablespace', operation: 'CREATE', xid: '749', time: null, name: null },
  ],
  [
    'a change, with a full page',
    'rmgr: Btree       len (rec/tot):     53/   153, tx:        749, lsn: 0/02028578, prev 0/020263D8, desc: INSERT_LEAF off: 3, blkref #0: rel 1664/0/2697 blk 1 FPW',
    { rmgr: 'Btree', operation: 'INSERT_LEAF', lsn: '0/02028578', time: null },
  ],
  [
    'what comes where the segments end',
    'pg_waldump: error: error in WAL record at 0/4000028: invalid record length at 0/40000A0: expected at least 24, got 0',
    null,
  ],
  ['an empty line', '', null],
]

describe('pg_waldump tells of', () => {
  let told: (WalRecord | null)[]
  beforeAll(async () => {
    const lines = JSON.stringify(CASES.map(([, line]) => line))
    const { stdout } = await promisify(execFile)('python3', ['-c', PARSE, lines])
    told = JSON.parse(stdout) as (WalRecord | null)[]
  }, 60_000)

  test.each(CASES.map(([name, , record], index) => [name, index, record] as const))('%s', (_, index, record) => {
    if (record === null) expect(told[index]).toBeNull()
    else expect(told[index]).toMatchObject(record)
  })
})
