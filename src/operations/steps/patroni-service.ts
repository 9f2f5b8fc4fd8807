import type { StepContext } from '../context.ts'
import { NodeCommandError } from './cut-over-errors.ts'
import { runScript } from './run-on-node.ts'

const PATRONI = '/etc/service/patroni'
/** A container that has just been started supervises nothing yet. */
const SUPERVISED = 'n=0; until sv status "$1" > /dev/null 2>&1 || [ "$n" -ge 100 ]; do n=$((n + 1)); sleep 0.2; done'
const STOP_SECONDS = 60
/** A leader with much to write takes longer than runit waits. */
const STOP_TURNS = 5

/**
 * Stops Patroni, and with it PostgreSQL, while the container lives. The file "down" keeps it down even when the container
 * is restarted: a node that came back by itself would lead with data that is being given up. Already stopped is success.
 */
export async function stopPatroni(context: StepContext<unknown>, service: string): Promise<void> {
  const script = `touch "$1/down"; ${SUPERVISED}; sv -w "$2" stop "$1"`
  for (let turn = 1; ; turn += 1) {
    try {
      const timeoutMs = (STOP_SECONDS + 10) * 1000
      await runScript(context, service, script, [PATRONI, String(STOP_SECONDS)], { timeoutMs })
      return
    } catch (error) {
      if (!(error instanceof NodeCommandError) || turn === STOP_TURNS) throw error
      context.signal.throwIfAborted()
    }
  }
}

/** Starts Patroni, and the container where it does not run. Already started is success. */
export async function startPatroni(context: StepContext<unknown>, service: string): Promise<void> {
  const { status } = await context.clients.services.inspect(service)
  if (status !== 'running') await context.clients.services.start(service)
  await runScript(context, service, `rm -f "$1/down"; ${SUPERVISED}; sv up "$1"`, [PATRONI])
}
