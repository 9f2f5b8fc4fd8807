import { UnreachableError } from '../../../domain/errors.ts'
import type { StepContext } from '../../context.ts'
import { serviceOf } from '../../node-access/node-health.ts'

/** The checksum on the manifest's last line, which no two base backups share; empty where there is no manifest. */
const READ = 'tail -n 1 "$PATRONI_POSTGRESQL_DATA_DIR/backup_manifest" 2>/dev/null || true'
const CHECKSUM = /"Manifest-Checksum":\s*"([0-9a-f]+)"/

/**
 * Which base backup a node's data directory was made from. Null: none, or one that is being copied. Throws
 * UnreachableError while the container cannot be asked.
 */
export async function readDataOrigin(context: StepContext<unknown>, node: string): Promise<string | null> {
  const service = serviceOf(context.layout, node)
  const argv = ['sh', '-c', READ]
  const { exitCode, stdout, stderr } = await context.clients.services.run(service, { argv, timeoutMs: 10_000 })
  if (exitCode !== 0) throw new UnreachableError(`container of ${service}`, stderr.trim() || `exit code ${exitCode}`)
  return CHECKSUM.exec(stdout)?.[1] ?? null
}
