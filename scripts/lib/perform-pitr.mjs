// @ts-check
import { randomUUID } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { findToken } from './ensure-tokens.mjs'
import { parsePitrArguments, USAGE, UsageError } from './pitr-arguments.mjs'
import { ApiAwayError, ApiRefusedError, createPitrClient } from './pitr-client.mjs'
import { createEventView, duration, planLines } from './pitr-view.mjs'
import { apiUrl, openStack } from './settings.mjs'
import { describe, SetupError } from './setup-error.mjs'

export const EXIT = { DONE: 0, FAILED: 1, USAGE: 2, REFUSED: 3, AWAY: 4, LEFT: 130 }

/**
 * @typedef {object} Terminal
 * @property {boolean} interactive Whether there is a terminal to ask on.
 * @property {boolean} live Whether lines can be redrawn.
 * @property {number} [columns]
 * @property {(text: string) => void} write Standard output.
 * @property {(text: string) => void} complain Standard error, a line.
 * @property {(question: string) => Promise<string>} ask
 * @property {(operationId: string) => void} begun Told once there is something to leave.
 */

/**
 * Asks, plans, confirms, begins and follows; the exit code.
 * @param {readonly string[]} args
 * @param {Terminal} terminal
 * @param {(request: import('./pitr-arguments.mjs').PitrRequest) => Promise<import('./pitr-client.mjs').PitrClient>} connect
 * @returns {Promise<number>}
 */
export async function performPitr(args, terminal, connect) {
  try {
    const request = parsePitrArguments(args)
    if (request === null) {
      terminal.write(`${USAGE}\n`)
      return EXIT.DONE
    }
    if (!request.yes && !request.dryRun && !terminal.interactive) {
      throw new UsageError('There is no terminal to ask on: say --yes, or --dry-run for the plan alone')
    }
    return await perform(request, terminal, await connect(request))
  } catch (error) {
    if (error instanceof UsageError || error instanceof SetupError) {
      terminal.complain(error instanceof SetupError ? describe(error) : `${error.message}\nSee --help.`)
      return EXIT.USAGE
    }
    if (!(error instanceof ApiAwayError || error instanceof ApiRefusedError)) throw error
    terminal.complain(error.message)
    return error instanceof ApiAwayError ? EXIT.AWAY : EXIT.REFUSED
  }
}

/**
 * @param {import('./pitr-arguments.mjs').PitrRequest} request
 * @param {Terminal} terminal
 * @param {import('./pitr-client.mjs').PitrClient} client
 */
async function perform(request, terminal, client) {
  const { server, target, backup, node, restoreMethod, rehearse, json } = request
  /** @param {string} type @param {object} value */
  const tell = (type, value) => {
    if (json) terminal.write(`${JSON.stringify({ type, ...value })}\n`)
  }
  /** @param {readonly string[]} reasons @param {object} details */
  const refuse = (reasons, details) => {
    tell('result', { outcome: 'REFUSED', ...details })
    terminal.complain(['Refused; nothing was changed.', ...reasons].join('\n'))
    return EXIT.REFUSED
  }
  const asked = await client.verdict(server, target)
  if (asked === null) return refuse([`There is no backup server "${server}".`], {})
  const { cluster, verdict } = asked
  // A backup that was given may do where the archive's choice does not: then the dry run says.
  if (!verdict.recoverable && backup === null) return refuse(verdict.reasons, { verdict })

  const mutation = rehearse ? 'rehearseRecovery' : 'recoverCluster'
  const input = {
    cluster,
    server,
    target,
    ...(backup === null ? {} : { backup }),
    ...(restoreMethod === null ? {} : { restoreMethod }),
    ...(rehearse ? {} : { cutOver: request.cutOver, ...(node === null ? {} : { node }) }),
  }
  const planned = await client.submit(mutation, { ...input, dryRun: true })
  if (planned.plan !== null && planned.refusals.length === 0) {
    tell('plan', { cluster, verdict, plan: planned.plan })
    if (!json) terminal.write(`${planLines(planned.plan, verdict, backup).join('\n')}\n`)
  }
  if (planned.refusals.length > 0) return refuse(refusalLines(planned.refusals), { refusals: planned.refusals })
  if (request.dryRun) return EXIT.DONE
  if (!request.yes && (await terminal.ask(`Type the cluster's name (${cluster}) to go on: `)).trim() !== cluster) {
    return refuse(['It was not confirmed.'], {})
  }

  const confirm = planned.plan?.confirm ?? null
  const begun = await client.submit(mutation, {
    ...input,
    ...(confirm === null ? {} : { confirm }),
    idempotencyKey: `pitr-${randomUUID()}`,
    reason: 'scripts/perform_pitr.sh',
  })
  if (begun.operation === null) return refuse(refusalLines(begun.refusals), { refusals: begun.refusals })
  return follow(begun.operation.id, { terminal, client, json, tell })
}

/**
 * @param {string} operationId
 * @param {{ terminal: Terminal, client: import('./pitr-client.mjs').PitrClient, json: boolean,
 *   tell: (type: string, value: object) => void }} given
 */
async function follow(operationId, { terminal, client, json, tell }) {
  terminal.begun(operationId)
  const view = createEventView(terminal)
  let end = ''
  try {
    for await (const event of client.events(operationId)) {
      end = event.__typename
      tell('event', { event })
      if (!json) view.show(event)
    }
    const recovery = await client.recovery(operationId)
    tell('result', { outcome: end, operation: operationId, recovery })
    if (!json && recovery !== null) view.line(recoveryLines(recovery).join('\n'))
  } catch (error) {
    // Begun is begun: whatever is not heard here goes on there.
    terminal.complain(`${operationId} goes on; follow it with operationEvents.`)
    if (error instanceof ApiRefusedError) throw new ApiAwayError(error.message)
    throw error
  }
  return end === 'OperationSucceeded' ? EXIT.DONE : EXIT.FAILED
}

/** @param {import('./pitr-client.mjs').Refusal[]} refusals */
function refusalLines(refusals) {
  return refusals.flatMap(({ code, message, remedy }) => [`${code}: ${message}`, ...(remedy ? [`  ${remedy}`] : [])])
}

/** @param {any} recovery */
function recoveryLines({ id, status, reached, connection, restoreSeconds, replaySeconds, downtimeSeconds, undoable }) {
  return [
    `${id} is ${status}`,
    ...(reached ? [`  reached   ${reached.time ?? 'no commit'}, LSN ${reached.lsn}, transaction ${reached.xid}`] : []),
    `  restore ${duration(restoreSeconds)}, replay ${duration(replaySeconds)}, writes failed for ${duration(downtimeSeconds)}`,
    ...(connection
      ? [
          `  look at it: host=${connection.host} port=${connection.port} dbname=${connection.database} user=${connection.user}`,
        ]
      : []),
    ...(undoable ? ['  undoRecovery takes it back as long as the previous data is kept'] : []),
  ]
}

/** @param {import('./pitr-arguments.mjs').PitrRequest} request */
async function connectFromHere({ url, tokenFile }) {
  const stack = await openStack()
  const token = tokenFile === null ? await findToken(stack.secretsDir, 'admin') : await readToken(tokenFile)
  return createPitrClient({ url: url ?? apiUrl(stack), token })
}

/** @param {string} file */
async function readToken(file) {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new UsageError(`--token-file: ${error instanceof Error ? error.message : error}`)
  }
}

async function main() {
  const { stdin, stdout, stderr } = process
  process.once('SIGINT', () => {
    stderr.write('\nLeft before anything was begun.\n')
    process.exit(EXIT.LEFT)
  })
  process.exitCode = await performPitr(
    process.argv.slice(2),
    {
      interactive: stdin.isTTY === true,
      live: stdout.isTTY === true,
      columns: stdout.columns,
      write: (text) => stdout.write(text),
      complain: (text) => stderr.write(`${text}\n`),
      async ask(question) {
        const reader = createInterface({ input: stdin, output: stderr })
        reader.once('SIGINT', () => process.emit('SIGINT'))
        try {
          return await reader.question(question)
        } finally {
          reader.close()
        }
      },
      begun(operationId) {
        process.removeAllListeners('SIGINT')
        process.once('SIGINT', () => {
          stderr.write(
            `\n${operationId} goes on. To cancel it: mutation { cancelOperation(id: "${operationId}") { refusals { message } } }\n`,
          )
          process.exit(EXIT.LEFT)
        })
      },
    },
    connectFromHere,
  )
}

if (process.argv[1] !== undefined && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url)) await main()
