import { Etcd3, Range } from 'etcd3'
import { EtcdAlarm, EtcdAlarmError } from '../../domain/cluster/etcd-alarms.ts'
import { messageOf, UnreachableError } from '../../domain/errors.ts'
import type { EtcdMember } from './etcd-endpoint.ts'

export interface StoredEntry {
  readonly value: string
  readonly createRevision: string
  readonly modRevision: string
}

export interface Transaction {
  /** All must hold: the key's mod revision, or null for a key that is not there. */
  readonly unchanged: readonly { readonly key: string; readonly modRevision: string | null }[]
  readonly put?: readonly { readonly key: string; readonly value: string; readonly lease?: string }[]
  readonly remove?: readonly string[]
}

/**
 * Reads and writes of etcd, through the first member that answers. Every call throws UnreachableError without quorum; a
 * write may then have been done or not. A write throws EtcdAlarmError while etcd has raised an alarm.
 */
export interface EtcdStore {
  read(key: string): Promise<StoredEntry | null>
  /** By their names below the prefix. */
  readPrefix(prefix: string): Promise<ReadonlyMap<string, StoredEntry>>
  /** The revision of what was written; null when something had changed and nothing was written. */
  transact(transaction: Transaction): Promise<string | null>
  /** Id of a new lease of that many seconds. */
  grantLease(seconds: number): Promise<string>
  /** Seconds that it has again; 0 when it is gone. */
  keepAlive(lease: string): Promise<number>
  /** With all keys that hang on it. A lease that is gone is success. */
  revokeLease(lease: string): Promise<void>
  close(): void
}

export function createEtcdStore(deps: { members: readonly EtcdMember[]; timeoutMs?: number }): EtcdStore {
  const { members, timeoutMs = 2_000 } = deps
  const clients = new Map<string, Etcd3>()
  let first = 0

  const drop = (member: EtcdMember) => {
    // The library opens a circuit breaker for seconds after a few failures: after each one we start with a new client.
    clients.get(member.name)?.close()
    clients.delete(member.name)
  }
  const call = async <T>(run: (etcd: Etcd3, options: { deadline: number }) => Promise<T>): Promise<T> => {
    let failure: UnreachableError = new UnreachableError('etcd', 'no member is configured')
    for (let turn = 0; turn < members.length; turn += 1) {
      const member = members[(first + turn) % members.length]
      if (member === undefined) break
      const etcd = clients.get(member.name) ?? new Etcd3({ hosts: member.clientUrl, dialTimeout: timeoutMs })
      clients.set(member.name, etcd)
      try {
        const answer = await run(etcd, { deadline: Date.now() + timeoutMs })
        // Who answered is asked first from now on.
        first = (first + turn) % members.length
        return answer
      } catch (error) {
        // It has answered, and every other member would answer the same.
        const alarm = alarmIn(messageOf(error))
        if (alarm !== null) throw new EtcdAlarmError(alarm, member.name, error)
        drop(member)
        failure = new UnreachableError(`etcd (${member.name})`, messageOf(error), { cause: error })
      }
    }
    throw failure
  }
  const range = (etcd: Etcd3, key: Buffer, end: Buffer | null, options: { deadline: number }) =>
    etcd.kv.range({ key, ...(end === null ? {} : { range_end: end }) }, options)

  return {
    read: (key) =>
      call(async (etcd, options) => {
        const [found] = (await range(etcd, Buffer.from(key), null, options)).kvs
        return found === undefined ? null : entryOf(found)
      }),
    readPrefix: (prefix) =>
      call(async (etcd, options) => {
        const { start, end } = Range.prefix(prefix)
        const { kvs } = await range(etcd, Buffer.from(start), Buffer.from(end), options)
        return new Map(kvs.map((kv) => [kv.key.toString().slice(prefix.length), entryOf(kv)]))
      }),
    transact: ({ unchanged, put = [], remove = [] }) =>
      call(async (etcd, options) => {
        const { succeeded, header } = await etcd.kv.txn(
          {
            compare: unchanged.map(({ key, modRevision }) => ({
              key: Buffer.from(key),
              target: 'Mod' as const,
              result: 'Equal' as const,
              mod_revision: modRevision ?? '0',
            })),
            success: [
              ...put.map(({ key, value, lease }) => ({
                request_put: {
                  key: Buffer.from(key),
                  value: Buffer.from(value),
                  ...(lease === undefined ? {} : { lease }),
                },
              })),
              ...remove.map((key) => ({ request_delete_range: { key: Buffer.from(key) } })),
            ],
            failure: [],
          },
          options,
        )
        return succeeded ? String(header.revision) : null
      }),
    grantLease: (seconds) =>
      call(async (etcd, options) => String((await etcd.leaseClient.leaseGrant({ TTL: seconds }, options)).ID)),
    keepAlive: (lease) =>
      call(async (etcd) => {
        const stream = await etcd.leaseClient.leaseKeepAlive()
        try {
          return await new Promise<number>((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
            stream.on('data', ({ TTL }) => {
              clearTimeout(timer)
              resolve(Number(TTL))
            })
            stream.on('error', (error) => {
              clearTimeout(timer)
              reject(error)
            })
            stream.write({ ID: lease })
          })
        } finally {
          stream.cancel()
        }
      }),
    revokeLease: (lease) =>
      call(async (etcd, options) => {
        try {
          await etcd.leaseClient.leaseRevoke({ ID: lease }, options)
        } catch (error) {
          if (!/lease not found/i.test(messageOf(error))) throw error
        }
      }),
    close: () => {
      for (const member of members) drop(member)
    },
  }
}

function entryOf(kv: { value: Buffer; create_revision: string; mod_revision: string }): StoredEntry {
  return {
    value: kv.value.toString(),
    createRevision: String(kv.create_revision),
    modRevision: String(kv.mod_revision),
  }
}

/** In etcd's words for a write that it refuses. */
function alarmIn(message: string): EtcdAlarm | null {
  if (/database space exceeded/i.test(message)) return EtcdAlarm.NO_SPACE
  return /corrupt cluster/i.test(message) ? EtcdAlarm.CORRUPT : null
}
