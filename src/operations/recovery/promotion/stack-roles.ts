import { z } from 'zod'
import type { RolesSet, StackRole } from '../../../clients/agent/recovered-copy.ts'
import { NotFoundError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { readLeader } from '../../leadership/leader-keys.ts'
import { askOverSocket } from '../../node-access/node-socket.ts'

/** Patroni's superuser and its replication, and Barman: what configs/patroni.yml and configs/barman.d name. */
const OTHERS = ['postgres', 'replicator', 'barman']

const stackRolesSchema = z.array(
  z.object({ name: z.string(), verifier: z.string().nullable(), connectionLimit: z.number() }),
)
/** The roles that the stack itself logs in with, as the leader has them now: never to be logged, kept or answered. */
export async function readStackRoles(context: StepContext<unknown>): Promise<readonly StackRole[]> {
  const leader = await readLeader(context)
  if (leader === null) throw new NotFoundError('no node leads')
  const names = [...new Set([context.clients.role, ...OTHERS])]
  const sql = `SELECT coalesce(json_agg(json_build_object('name', rolname, 'verifier', rolpassword,
    'connectionLimit', rolconnlimit) ORDER BY rolname), '[]') FROM pg_authid
    WHERE rolname IN (${names.map(sqlLiteral).join(', ')})`
  return stackRolesSchema.parse(JSON.parse(await askOverSocket(context, leader, sql)))
}

/** Which roles, and never what of them. */
export function tellRoles(context: StepContext<unknown>, { set, missing, loginTriggers }: RolesSet): void {
  if (set.length > 0) {
    context.log(`Set as the cluster has them now, where the recovered data had them otherwise: ${set.join(', ')}`)
  }
  if (missing.length > 0) {
    context.log(`The recovered data has no role ${missing.join(', ')}`, LogLevel.WARNING)
  }
  if (loginTriggers.length > 0) {
    const names = loginTriggers.join(', ')
    context.log(
      `Event triggers run at each login to the recovered data, and may keep roles out: ${names}`,
      LogLevel.WARNING,
    )
  }
}

function sqlLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
