// @ts-check

/** No answer, or a connection that broke and did not come back. */
export class ApiAwayError extends Error {}
/** The API answered, and does not do it. */
export class ApiRefusedError extends Error {}

/** @typedef {{ name: string, status: string, message: string | null, hint: string | null }} Check */
/**
 * @typedef {{ summary: string, steps: { name: string, title: string, estimatedSeconds: number | null }[],
 *   checks: Check[], estimatedSeconds: number | null, downtimeSeconds: number | null, dataLoss: string | null,
 *   confirm: string | null }} Plan
 */
/** @typedef {{ code: string, message: string, remedy: string | null, field: string | null }} Refusal */
/** @typedef {{ operation: { id: string } | null, plan: Plan | null, refusals: Refusal[] }} Payload */
/**
 * @typedef {{ recoverable: boolean, backup: { backupId: string } | null, timeline: number | null,
 *   walsToReplay: number | null, bytesToReplay: number | null, estimatedSeconds: number | null, reasons: string[] }} Verdict
 */
/**
 * @typedef {{ percent: number | null, bytesDone: number | null, bytesTotal: number | null,
 *   bytesPerSecond: number | null, etaSeconds: number | null, message: string | null }} Progress
 */
/**
 * @typedef {{ __typename: string, cursor: string, at: string, message: string, step?: string, progress?: Progress,
 *   error?: { code: string, message: string, remedy: string | null } }} PitrEvent
 */
/**
 * @typedef {object} PitrClient
 * @property {(server: string, target: object) => Promise<{ cluster: string, verdict: Verdict } | null>} verdict
 * @property {(mutation: 'rehearseRecovery' | 'recoverCluster', input: object) => Promise<Payload>} submit
 * @property {(operationId: string) => AsyncGenerator<PitrEvent>} events Resumed where the connection broke.
 * @property {(operationId: string) => Promise<any>} recovery Null when there is none.
 */

const TIMEOUT_MS = 15_000
const RESUME_MS = 60_000
const AGAIN_MS = 1_000
const PLAN =
  'summary steps { name title estimatedSeconds } checks { name status message hint } estimatedSeconds downtimeSeconds dataLoss confirm'
const EVENTS = `subscription ($id: ID!, $after: String) { operationEvents(operationId: $id, after: $after) {
  __typename cursor at message ... on StepStarted { step } ... on StepFinished { step } ... on StepUndone { step }
  ... on StepProgressed { step progress { percent bytesDone bytesTotal bytesPerSecond etaSeconds message } }
  ... on StepFailed { step error { code message remedy } } ... on OperationFailed { error { code message remedy } }
  ... on OperationInterrupted { error { code message remedy } } } }`
const RECOVERY = `query ($id: ID!) { node(id: $id) { ... on Recovery { id status mode node timeline
  reached { time lsn xid } connection { host port database user password }
  verification { passed message checks { name status message } }
  restoreSeconds replaySeconds downtimeSeconds undoable expiresAt } } }`

/**
 * @param {{ url: string, token: string }} api
 * @returns {PitrClient}
 */
export function createPitrClient({ url, token }) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'howdah-surface': 'CLI' }

  /**
   * @param {string} query
   * @param {object} variables
   * @param {Record<string, string>} more
   * @param {AbortSignal} signal
   */
  const post = (query, variables, more, signal) =>
    fetch(url, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify({ query, variables }), signal })

  /**
   * @param {string} query
   * @param {object} variables
   * @returns {Promise<any>}
   */
  async function ask(query, variables) {
    const answer = await reach(async () => {
      const response = await post(query, variables, {}, AbortSignal.timeout(TIMEOUT_MS))
      return { status: response.status, text: await response.text() }
    })
    const { data = null, errors = [] } = readJson(answer.text)
    if (errors[0] !== undefined) throw refusedBy(errors[0])
    if (data === null) throw new ApiRefusedError(`${url} answered HTTP ${answer.status}`)
    return data
  }

  /**
   * @template T
   * @param {() => Promise<T>} call
   */
  async function reach(call) {
    try {
      return await call()
    } catch (error) {
      throw new ApiAwayError(`${url} cannot be reached: ${reasonOf(error)}`)
    }
  }

  return {
    async verdict(server, target) {
      const { clusters } = await ask(
        `query ($server: String!, $target: RecoveryTargetInput!) { clusters { name backupServer(name: $server) { canRecoverTo(target: $target) {
          recoverable backup { backupId } timeline walsToReplay bytesToReplay estimatedSeconds reasons } } } }`,
        { server, target },
      )
      const found = clusters.find((/** @type {any} */ { backupServer }) => backupServer !== null)
      return found === undefined ? null : { cluster: found.name, verdict: found.backupServer.canRecoverTo }
    },
    async submit(mutation, input) {
      const type = mutation === 'rehearseRecovery' ? 'RehearseRecoveryInput' : 'RecoverClusterInput'
      const query = `mutation ($input: ${type}!) { payload: ${mutation}(input: $input) {
        operation { id } plan { ${PLAN} } refusals { code message remedy field } } }`
      return (await ask(query, { input })).payload
    },
    async *events(operationId) {
      /** @type {string | null} */
      let after = null
      let awaySince = 0
      for (;;) {
        try {
          const accept = { accept: 'text/event-stream' }
          const response = await post(EVENTS, { id: operationId, after }, accept, new AbortController().signal)
          for await (const { data, errors } of readEvents(response)) {
            if (errors?.[0] !== undefined) throw refusedBy(errors[0])
            awaySince = 0
            after = data.operationEvents.cursor
            yield data.operationEvents
            if (endsOperation(data.operationEvents)) return
          }
        } catch (error) {
          if (error instanceof ApiRefusedError) throw error
          awaySince ||= Date.now()
          if (Date.now() - awaySince > RESUME_MS) throw new ApiAwayError(`${url} went away: ${reasonOf(error)}`)
        }
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      }
    },
    async recovery(operationId) {
      return (await ask(RECOVERY, { id: operationId.replace('Operation:', 'Recovery:') })).node
    },
  }
}

/** @param {Pick<PitrEvent, '__typename'>} event */
export const endsOperation = ({ __typename }) => /^Operation(Succeeded|Failed|Cancelled|Interrupted)$/.test(__typename)

/** @param {Response} response @returns {AsyncGenerator<any>} */
async function* readEvents(response) {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const [event, data] = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      if (event === 'event: next') yield JSON.parse(data?.slice('data: '.length) ?? 'null')
    }
  }
}

/** @param {string} text @returns {any} {} for what is no JSON: a proxy's page, say. */
function readJson(text) {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

/** @param {{ message: string, extensions?: { remedy?: string | null } }} error */
function refusedBy({ message, extensions }) {
  return new ApiRefusedError([message, extensions?.remedy].filter(Boolean).join('\n  '))
}

/** @param {unknown} error */
function reasonOf(error) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}
