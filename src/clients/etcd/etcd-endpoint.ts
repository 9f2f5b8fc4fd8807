import { Etcd3, Range } from 'etcd3'
import { z } from 'zod'
import type { EtcdMemberStatus } from '../../domain/cluster/cluster.ts'
import { messageOf, UnreachableError } from '../../domain/errors.ts'
import { parseAnswer } from '../parse-answer.ts'

/** A member: its name for people and its client URL. */
export interface EtcdMember {
  readonly name: string
  readonly clientUrl: string
}

/** The keys under a prefix, by their names below it, at one revision of the store. */
export interface PrefixState {
  readonly revision: bigint
  readonly values: ReadonlyMap<string, string>
}

export interface PrefixEvent {
  /** Below the prefix. */
  readonly key: string
  /** Null: deleted. */
  readonly value: string | null
  readonly revision: bigint
}

export interface OpenWatch {
  readonly prefix: string
  readonly fromRevision: bigint
  /** All changes of one message together. */
  readonly onEvents: (events: readonly PrefixEvent[]) => void
  /** Once, unless it was closed before. */
  readonly onEnd: (error: UnreachableError) => void
}

/** One etcd member, and nothing about the others. Calls throw UnreachableError within the timeout. */
export interface EtcdEndpoint {
  readonly member: EtcdMember
  /** A linearizable read: it fails without quorum rather than tell what was. */
  range(prefix: string): Promise<PrefixState>
  /** Resolves when etcd has confirmed the watch; the returned function closes it. */
  watch(request: OpenWatch): Promise<() => void>
  /** Answered by the member alone, without quorum too. */
  status(): Promise<EtcdMemberStatus>
  close(): void
}

const statusSchema = z.object({
  header: z.object({ member_id: z.string() }),
  version: z.string(),
  dbSize: z.coerce.number(),
  leader: z.string(),
  raftTerm: z.coerce.number(),
  errors: z.array(z.string()),
})
/** "memberID:10276657743932975437 alarm:NOSPACE " */
const ALARM = /\balarm:\s*(\w+)/

export function createEtcdEndpoint(deps: { member: EtcdMember; timeoutMs: number }): EtcdEndpoint {
  const { member, timeoutMs } = deps
  let client: Etcd3 | null = null

  // The library opens a circuit breaker for seconds after a few failures: after each one we start with a new client.
  const drop = () => {
    client?.close()
    client = null
  }
  const connected = () => {
    client ??= new Etcd3({ hosts: member.clientUrl, dialTimeout: timeoutMs })
    return client
  }
  const unreachable = (error: unknown) => new UnreachableError(member.name, reasonOf(error), { cause: error })
  const call = async <T>(run: (client: Etcd3, deadline: number) => Promise<T>): Promise<T> => {
    try {
      return await run(connected(), Date.now() + timeoutMs)
    } catch (error) {
      drop()
      throw unreachable(error)
    }
  }

  return {
    member,
    range: (prefix) =>
      call(async (etcd, deadline) => {
        const answer = await etcd.getAll().prefix(prefix).options({ deadline }).exec()
        const values = answer.kvs.map((kv) => [kv.key.toString().slice(prefix.length), kv.value.toString()] as const)
        return { revision: BigInt(answer.header.revision), values: new Map(values) }
      }),
    status: () =>
      call(async (etcd, deadline) => {
        const status = parseAnswer(member.name, statusSchema, await etcd.maintenance.status({ deadline }))
        return {
          version: status.version,
          databaseBytes: status.dbSize,
          alarms: [...new Set(status.errors.flatMap((error) => ALARM.exec(error)?.[1] ?? []))],
          raftTerm: status.raftTerm,
          isLeader: status.leader === status.header.member_id,
          hasLeader: status.leader !== '0',
        }
      }),
    watch: async ({ prefix, fromRevision, onEvents, onEnd }) => {
      const stream = await call((etcd) => etcd.watchClient.watch())
      const { start, end } = Range.prefix(prefix)
      return new Promise((resolve, reject) => {
        let state: 'OPENING' | 'OPEN' | 'CLOSED' = 'OPENING'
        const close = () => {
          state = 'CLOSED'
          clearTimeout(timer)
          stream.cancel()
        }
        const fail = (error: unknown) => {
          if (state === 'CLOSED') return
          const report = state === 'OPENING' ? reject : onEnd
          close()
          drop()
          report(unreachable(error))
        }
        const timer = setTimeout(() => fail(`no watch within ${timeoutMs} ms`), timeoutMs)
        stream.on('error', fail)
        stream.on('end', () => fail('the watch ended'))
        stream.on('data', (message) => {
          if (state === 'CLOSED') return
          if (message.canceled) return fail(`the watch was cancelled: ${message.cancel_reason}`)
          if (message.created) {
            state = 'OPEN'
            clearTimeout(timer)
            resolve(close)
          }
          if (message.events.length === 0) return
          onEvents(
            message.events.map(({ type, kv }) => ({
              key: kv.key.toString().slice(prefix.length),
              // Typed "Delete", sent "DELETE".
              value: type.toUpperCase() === 'DELETE' ? null : kv.value.toString(),
              revision: BigInt(kv.mod_revision),
            })),
          )
        })
        const start_revision = fromRevision.toString()
        stream.write({ create_request: { key: Buffer.from(start), range_end: Buffer.from(end), start_revision } })
      })
    },
    close: drop,
  }
}

// gRPC's "4 DEADLINE_EXCEEDED: ..." and the like, without what is only about the call.
function reasonOf(error: unknown): string {
  const message = messageOf(error)
  if (/deadline/i.test(message)) return 'no answer in time (it may be down, or without quorum)'
  return message.replace(/^\d+ [A-Z_]+: /, '')
}
