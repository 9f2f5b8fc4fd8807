import type { DetachedRuns } from '../clients/barman-commands.ts'

/**
 * Starts a detached run, or finds the one that an earlier attempt had begun, and reads all that it says, to its end.
 * Answers the exit code; null when the run was lost. Aborting stops the reading, not the run.
 */
export async function runToItsEnd(
  runs: DetachedRuns,
  signal: AbortSignal,
  id: string,
  argv: readonly string[],
  onLine: (line: string) => void,
): Promise<number | null> {
  // One that was lost with its container is begun anew.
  if ((await runs.status(id)).state === 'LOST') await runs.remove(id)
  await runs.start({ id, argv })
  await runs.follow(id, 0, onLine, signal)
  signal.throwIfAborted()
  return (await runs.status(id)).exitCode
}
