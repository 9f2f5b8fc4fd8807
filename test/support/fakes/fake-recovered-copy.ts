import type {
  CopyStatus,
  RecoveredCopy,
  ReplayRequest,
  RolesSet,
  StackRole,
} from '../../../src/clients/agent/recovered-copy.ts'
import type { Tablespace } from '../../../src/domain/backup/tablespace.ts'
import { type Check, CheckStatus } from '../../../src/domain/check.ts'
import type { ReplayProof } from '../../../src/domain/recovery/recovery-proof.ts'

/** As it stands at its target, where nothing is wrong. */
export function copyStatus(changes: Partial<CopyStatus> = {}): CopyStatus {
  const wants = { settings: {}, tablespace: null }
  return {
    state: 'PAUSED',
    timeline: 1,
    lsn: null,
    reached: null,
    atEnd: false,
    locks: 0,
    lastLines: [],
    wants,
    ...changes,
  }
}

/** A recovered copy in memory. What a test sets up stands in its fields. */
export class FakeRecoveredCopy implements RecoveredCopy {
  root = ''
  port = 54320
  /** What the archive has around any position. */
  proof: ReplayProof | Error = { last: null, next: null, nextTransaction: null, gaveUpAt: null }
  /** Each look takes one; the last stays. */
  looks: CopyStatus[]
  /** What it finds of itself. */
  checks: Check[] = [{ name: 'checksums', status: CheckStatus.OK, message: null, hint: null }]
  /** What the data answers. */
  answer: (sql: string, database: string) => (string | null)[][] = () => []
  freeBytes = 50e9
  /** Why it cannot be removed. */
  stuck: Error | null = null
  /** What its roles come to when they are set. */
  roles: RolesSet = { set: [], missing: [], loginTriggers: [] }
  /** What its roles were to be. */
  readonly rolesGiven: StackRole[] = []
  /** What was done, in order. */
  readonly done: string[] = []
  readonly replays: ReplayRequest[] = []

  constructor(...looks: Partial<CopyStatus>[]) {
    this.looks = looks.map(copyStatus)
  }

  /** As the clients give it out. */
  at(service: string, root: string): RecoveredCopy {
    this.root = root
    this.done.push(`open ${root} on ${service}`)
    return this
  }

  get directory(): string {
    return `${this.root}/data`
  }

  placeOf(oid: number): string {
    return `${this.root}/tablespaces/${oid}`
  }

  async prepare(tablespaces: readonly Pick<Tablespace, 'oid' | 'location'>[]): Promise<void> {
    this.done.push(['prepare', ...tablespaces.map(({ location }) => location)].join(' '))
  }

  async keepFetching(): Promise<void> {}

  async prove(): Promise<ReplayProof> {
    if (this.proof instanceof Error) throw this.proof
    return this.proof
  }

  async handOver(): Promise<void> {
    this.done.push('hand over')
  }

  async close(): Promise<void> {
    this.done.push('close')
  }

  async space(): Promise<{ freeBytes: number; usedBytes: number }> {
    return { freeBytes: this.freeBytes, usedBytes: 0 }
  }

  async status(): Promise<CopyStatus> {
    const [look = copyStatus({ state: 'ABSENT' })] = this.looks
    if (this.looks.length > 1) this.looks.shift()
    return look
  }

  async startReplay(request: ReplayRequest): Promise<void> {
    this.replays.push(request)
  }

  async publish(): Promise<boolean> {
    this.done.push('publish')
    return true
  }

  async verify(): Promise<readonly Check[]> {
    this.done.push('verify')
    return this.checks
  }

  async query(database: string, sql: string): Promise<(string | null)[][]> {
    return this.answer(sql, database)
  }

  async promote(): Promise<void> {
    this.done.push('promote')
    this.looks = this.looks.map((look) => ({
      ...look,
      state: 'PROMOTED',
      timeline: (look.timeline ?? 0) + 1,
      locks: 0,
    }))
  }

  async setRoles(roles: readonly StackRole[]): Promise<RolesSet> {
    this.done.push('set roles')
    this.rolesGiven.push(...roles)
    return this.roles
  }

  async stop(): Promise<void> {
    this.done.push('stop')
  }

  async remove(): Promise<void> {
    if (this.stuck !== null) throw this.stuck
    this.done.push('remove')
    this.looks = []
  }
}
