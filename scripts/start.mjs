// @ts-check
// npm start: from a bare machine to a stack that answers. Run it as often as you like; it does what is missing.
// npm start -- --dry-run: says what it would do to containers, and does nothing. --verbose: names everything that it waits for. --json: its outcome
// as JSON.
import { hasFlag, viewForTerminal } from './lib/command-line.mjs'
import { docker } from './lib/docker-command.mjs'
import { tokensFile } from './lib/ensure-tokens.mjs'
import { prepare } from './lib/prepare.mjs'
import { previewStart } from './lib/preview-start.mjs'
import { apiUrl, openStack, publishedAddress } from './lib/settings.mjs'
import { describe, entryPoint } from './lib/setup-error.mjs'
import { startStack } from './lib/start-stack.mjs'
import { seconds } from './lib/wait.mjs'

const json = hasFlag('--json')
const startedAt = Date.now()
const view = viewForTerminal(json)

await entryPoint(async () => {
  try {
    if (hasFlag('--dry-run')) return await dryRun()
    const stack = await prepare(view)
    await startStack(stack, view, { verbose: hasFlag('--verbose') })
    if (json) report({ ready: true, ...addresses(stack) })
    else greet(stack)
  } catch (error) {
    if (json) report({ ready: false, error: describe(error) })
    throw error
  }
})

/** What a start would do. It builds and makes nothing: images that would be built again are not known to it. */
async function dryRun() {
  const lines = await previewStart(await openStack(), docker)
  if (json) return report({ dryRun: true, changes: lines })
  console.log(
    `npm start would do this; images and sources that changed are not looked at.\n${lines.map((line) => `  ${line}`).join('\n')}`,
  )
}

/** @param {Record<string, unknown>} outcome */
function report(outcome) {
  console.log(JSON.stringify({ ...outcome, seconds: (Date.now() - startedAt) / 1000, steps: view.records }))
}

/** @param {Awaited<ReturnType<typeof openStack>>} stack */
function addresses(stack) {
  return {
    api: apiUrl(stack),
    postgres: publishedAddress(stack, 'HAPROXY_PORT'),
    postgresReadOnly: publishedAddress(stack, 'HAPROXY_READONLY_PORT'),
    haproxyStats: `http://${publishedAddress(stack, 'HAPROXY_STATS_PORT')}/stats`,
    tokens: tokensFile(stack.secretsDir),
  }
}

/** @param {Awaited<ReturnType<typeof openStack>>} stack */
function greet(stack) {
  const { api, postgres, postgresReadOnly, haproxyStats, tokens } = addresses(stack)
  const headers = `-H "Authorization: Bearer $(npm run --silent token admin)" -H 'Content-Type: application/json'`
  console.log(`
Howdah is ready after ${seconds(Date.now() - startedAt)}.

  GraphQL        ${api}  (HTTP and WebSocket; server-sent events: ${api}/stream)
  PostgreSQL     ${postgres} (read-write), ${postgresReadOnly} (read-only)
  HAProxy        ${haproxyStats}
  Tokens         ${tokens}; one of them: npm run --silent token admin

Who leads, and who follows:
  curl -s ${api} ${headers} \\
    -d '{"query":"{ cluster { leader { name } nodes { name role state lag { replayBytes } } health { status } } }"}'

The same, each time it changes:
  curl -sN ${api}/stream ${headers} \\
    -d '{"query":"subscription { clusterUpdates { leader { name } nodes { name role state } } }"}'

npm stop stops it and keeps its data.`)
}
