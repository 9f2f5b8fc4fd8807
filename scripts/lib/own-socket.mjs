// @ts-check

import { runningNodes } from './leader.mjs'
import { isKeptDown } from './patroni.mjs'
import { SetupError } from './setup-error.mjs'
import { sleep } from './wait.mjs'

/** @typedef {import('./docker-command.mjs').Docker} Docker */
/** @typedef {import('./roll-out.mjs').RollOut} RollOut */

const END_TIMEOUT_MS = 180_000
/**
 * Patroni logs in over TCP, with passwords that the data may not take. Over the node's own socket none is asked for (pg_hba: peer): for as long as the
 * container lives, or until this is taken back. As the replicator too: a node that it does not let in so cannot tell its timeline, and is not rewound.
 */
const BY_SOCKET = `
set -e
file=/run/howdah/patroni.yml
# Not before the container's start has written the file: its services come after that.
for (( i = 0; i < 60; i++ )); do ! sv status /etc/service/patroni > /dev/null 2>&1 || break; sleep 1; done
grep -q '^  use_unix_socket: true$' "$file" ||
  sed -i 's/^postgresql:$/postgresql:\\n  use_unix_socket: true\\n  use_unix_socket_repl: true/' "$file"
[ ! -e /etc/service/patroni/down ] || { echo "Patroni is kept down here: $(cat /etc/service/patroni/down)" >&2; exit 1; }
# One that hangs at its start does not hear TERM.
exec sv -w 30 force-restart /etc/service/patroni`
/** Prints timeline and position, once all that lies in the node's own pg_wal is replayed. A node without data has neither. */
const READ_END = `
set -e
[ -e "$PATRONI_POSTGRESQL_DATA_DIR/PG_VERSION" ] || { echo 0 0; exit; }
PGOPTIONS=$(< /usr/local/lib/howdah/session-options) exec psql -XAtq -F ' ' -U postgres -d postgres -c "
  SELECT greatest(timeline_id, min_recovery_end_timeline), end_lsn - '0/0'
  FROM pg_control_checkpoint(), pg_control_recovery(), LATERAL (SELECT CASE WHEN pg_is_in_recovery()
    THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_flush_lsn() END) AS own (end_lsn)
  WHERE NOT pg_is_in_recovery() OR EXISTS (SELECT FROM pg_stat_activity
    WHERE backend_type = 'startup' AND wait_event IN ('RecoveryRetrieveRetryInterval', 'RecoveryWalStream'))"`
/** Takes it back. */
const BY_PASSWORD = `
set -e
sed -i '/^  use_unix_socket\\(_repl\\)\\?: true$/d' /run/howdah/patroni.yml
exec sv hup /etc/service/patroni`

/** @typedef {{ service: string, id: string, timeline: number, position: number }} NodeData How far a node's own data goes: in bytes, on a timeline. */

/**
 * The nodes in the order in which they may lead. Patroni elects among those that answer: let in at the same time, the first to come would lead,
 * and what only the others have would be lost. One that is kept down stays so: by a person, or by a cut-over that was interrupted, with directories
 * half swapped.
 * @param {Pick<RollOut, 'project' | 'docker' | 'note' | 'timeoutMs' | 'intervalMs'>} about
 * @returns {Promise<[NodeData, ...NodeData[]]>}
 */
export async function newestFirst(about) {
  const nodes = []
  for (const { service, id } of await runningNodes(about)) {
    if (!(await isKeptDown(about.docker, id))) nodes.push(await untilEndIsKnown(about, service, id))
  }
  const [newest, ...others] = nodes.sort((one, other) => other.timeline - one.timeline || other.position - one.position)
  if (newest !== undefined) return [newest, ...others]
  throw new SetupError('No node runs, but for those that are kept down: the passwords were not set.', {
    remedy: 'See which do (docker ps -a), then run the same command again.',
  })
}

/**
 * @param {Pick<RollOut, 'docker' | 'note' | 'timeoutMs' | 'intervalMs'>} about
 * @param {string} service
 * @param {string} id
 * @returns {Promise<NodeData>}
 */
async function untilEndIsKnown({ docker, note, timeoutMs = END_TIMEOUT_MS, intervalMs = 1000 }, service, id) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const { stdout, output } = await docker(['exec', id, 'bash', '-c', READ_END], { timeoutMs: 30_000 })
    const [, timeline, position] = /^(\d+) (\d+)$/m.exec(stdout) ?? []
    if (position !== undefined) return { service, id, timeline: Number(timeline), position: Number(position) }
    if (Date.now() >= deadline) {
      throw new SetupError(`${service} does not say how far its data goes: the passwords were not set.`, {
        detail: output,
        remedy: `See why: docker logs of ${service}. Then run the same command again. To go on without ${service}, and what only it has: stop its container first.`,
      })
    }
    note(`waiting for ${service} to have replayed its WAL`)
    await sleep(intervalMs)
  }
}

/**
 * Lets its Patroni in by the node's own socket. Errors: a SetupError that says why not.
 * @param {Docker} docker
 * @param {{ service: string, id: string }} node
 */
export async function letInBySocket(docker, { service, id }) {
  const { code, output } = await docker(['exec', id, 'bash', '-c', BY_SOCKET], { timeoutMs: 120_000 })
  if (code === 0) return
  throw new SetupError(`${service} could not be let in by its own socket.`, {
    detail: output,
    remedy: 'See that the node runs (docker ps -a), then run the same command again.',
  })
}

/**
 * Has its Patroni log in by password again.
 * @param {Docker} docker
 * @param {{ service: string, id: string }} node
 */
export const letInByPassword = (docker, { id }) =>
  docker(['exec', id, 'bash', '-c', BY_PASSWORD], { timeoutMs: 120_000 })
