import { randomBytes } from 'node:crypto'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { type RecoveryConnectionInfo, type RecoveryRecord, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { AnyRecoveryInput } from '../recovery-inputs.ts'

type Context = StepContext<AnyRecoveryInput>

const DEFAULT_TTL_SECONDS = 86_400

/** Lets the person in who wants to look: READY. */
export const publishCopy: Step<AnyRecoveryInput> = {
  name: 'publish-copy',
  title: 'Open the recovered data for reading',
  usualSeconds: 1,
  weight: 0.1,
  applies: ({ input }) => input.discard !== true,
  // A second password replaces the first, which was never shown.
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const record = await context.recoveries.get(context.operation.id)
    const password = randomBytes(24).toString('base64url')
    const copy = context.clients.recoveredCopy(record.service, record.directory)
    const opened = await copy.publish(password)
    if (!opened) {
      context.log(
        'The recovered data has no role "rehearsal" that may log in, so no session is possible: CREATE ROLE rehearsal LOGIN BYPASSRLS; GRANT pg_read_all_data TO rehearsal; where it is there: ALTER ROLE rehearsal LOGIN',
        LogLevel.WARNING,
      )
    }
    const ttlMs = (context.input.ttlSeconds ?? DEFAULT_TTL_SECONDS) * 1000
    await context.recoveries.change(record.id, {
      status: RecoveryStatus.READY,
      connection: opened ? connectionOf(context, record, copy.port, password) : null,
      expiresAt: new Date(context.now().getTime() + ttlMs).toISOString(),
    })
    return undefined
  },
}

/** As clients outside the stack reach it: Docker knows under which port. */
function connectionOf(
  context: Context,
  { service }: RecoveryRecord,
  port: number,
  password: string,
): RecoveryConnectionInfo {
  const published = context
    .cluster()
    .services.find(({ name }) => name === service)
    ?.status.value?.ports.map((text) => /^(.+):(\d+)->(\d+)\/tcp$/.exec(text))
    .find((match) => match?.[3] === String(port))
  const bound = published?.[1] ?? service
  const host = bound === '0.0.0.0' || bound === '::' ? 'localhost' : bound
  return { host, port: Number(published?.[2] ?? port), database: 'postgres', user: 'rehearsal', password }
}
