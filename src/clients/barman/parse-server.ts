import { z } from 'zod'
import type { BackupServerConfiguration } from '../../domain/backup/backup-server.ts'
import { type Check, CheckStatus } from '../../domain/check.ts'
import { optionalText, parseAnswer } from '../parse-answer.ts'
import { resultOfServer } from './barman-output.ts'
import { hintOf } from './check-hints.ts'

const checksSchema = z.record(z.string(), z.object({ status: z.string(), hint: z.string().nullish() }))

/** Reads `check SERVER`; each failed check comes with what to do about it. Throws UnexpectedAnswerError. */
export function parseChecks(stdout: string, server: string): Check[] {
  const checks = parseAnswer('Barman', checksSchema, resultOfServer(stdout, server))
  return Object.entries(checks).map(([name, { status, hint }]) => ({
    name: name.replaceAll('_', ' '),
    status: statusOf(name, status),
    // What Barman calls a hint says what it found.
    message: hint ? hint : null,
    hint: status === 'OK' ? null : hintOf(name, checks['postgresql']?.status !== 'FAILED'),
  }))
}

function statusOf(name: string, status: string): CheckStatus {
  if (status === 'OK') return CheckStatus.OK
  // Barman's word for having given up on the checks that were to follow, none of which failed by that.
  return status === 'FAILED' && name !== 'check_timeout' ? CheckStatus.FAILED : CheckStatus.UNKNOWN
}

const configurationSchema = z.object({
  active: z.boolean(),
  disabled: z.boolean().nullish(),
  retention_policy: optionalText,
  minimum_redundancy: z.coerce.number().nullish(),
  compression: optionalText,
  backup_method: optionalText,
})

/** Reads `show-servers SERVER`. Throws UnexpectedAnswerError. */
export function parseServerConfiguration(stdout: string, server: string): BackupServerConfiguration {
  const shown = parseAnswer('Barman', configurationSchema, resultOfServer(stdout, server))
  return {
    active: shown.active && shown.disabled !== true,
    retentionPolicy: shown.retention_policy,
    minimumRedundancy: shown.minimum_redundancy ?? null,
    compression: shown.compression,
    backupMethod: shown.backup_method,
  }
}

const statusSchema = z.record(z.string(), z.object({ description: z.string(), message: z.string() }))

/** Reads `status SERVER`: Barman's sentences by their names. Throws UnexpectedAnswerError. */
export function parseServerStatus(stdout: string, server: string): ReadonlyMap<string, string> {
  const status = parseAnswer('Barman', statusSchema, resultOfServer(stdout, server))
  return new Map(Object.entries(status).map(([name, { message }]) => [name, message]))
}
