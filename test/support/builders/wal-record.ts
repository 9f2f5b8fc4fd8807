import type { WalRecord } from '../../../src/domain/recovery/recovery-proof.ts'

/** A record that ends no transaction, for tests that do not care which. */
export function walRecord(changes: Partial<WalRecord> = {}): WalRecord {
  return {
    rmgr: 'Heap',
    operation: 'INSERT',
    lsn: '0/6000000',
    previous: '0/5FFFF80',
    xid: '742',
    time: null,
    name: null,
    backupBegin: null,
    ...changes,
  }
}
