import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startWriteProbe } from '../../src/clients/postgres/write-probe.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { readLeadership } from '../support/stack/leadership.ts'
import { requestOperation, untilEnd } from '../support/stack/operation-client.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { api, inContainer, median, ms, printTable } from './support.ts'

const ROUNDS = 5
/** HAProxy's own checks, and what an old leader still has to archive. */
const REST_MS = 3_000

interface Round {
  /** Milliseconds. */
  readonly duration: number
  readonly outage: number
}

/** `POST /switchover` on the leader, as `curl` would send it; prints the seconds until its answer. */
const BARE = `
import base64, json, sys, time, urllib.request
leader, candidate = sys.argv[1:3]
password = open('/run/secrets/patroni_rest_password').read().strip()
request = urllib.request.Request('http://127.0.0.1:8008/switchover', method='POST',
  data=json.dumps({'leader': leader, 'candidate': candidate}).encode(),
  headers={'authorization': 'Basic ' + base64.b64encode(('howdah:' + password).encode()).decode(),
           'content-type': 'application/json'})
began = time.monotonic()
urllib.request.urlopen(request).read()
print(time.monotonic() - began)
`

const password = (await readFile(join(process.env['HOWDAH_SECRETS_DIR'] ?? '', 'howdah_password'), 'utf8')).trim()
const port = Number(process.env['HOWDAH_HAPROXY_PORT'])
const bare: Round[] = []
const through: Round[] = []
for (let round = 0; round < ROUNDS; round += 1) {
  // Turn about, so that neither always finds what the other left.
  const both = [() => measure(bareSwitchover, bare), () => measure(apiSwitchover, through)]
  for (const run of round % 2 === 0 ? both : both.reverse()) await run()
}
await waitForHealthyCluster(api)
await api.close()

const durations = (rounds: readonly Round[]) => rounds.map(({ duration }) => duration)
const outages = (rounds: readonly Round[]) => rounds.map(({ outage }) => outage)
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`
const row = (name: string, rounds: readonly Round[]) => [
  name,
  ms(median(outages(rounds))),
  outages(rounds).map(ms).join(', '),
  ms(median(durations(rounds))),
  durations(rounds).map(ms).join(', '),
]
printTable(
  ['switchover', 'writes failed, median', 'of', 'duration, median', 'of'],
  [
    row('bare `POST /switchover`', bare),
    row('`switchover`, from the mutation to its last event', through),
    [
      'difference of the medians',
      seconds(median(outages(through)) - median(outages(bare))),
      '',
      seconds(median(durations(through)) - median(durations(bare))),
      '',
    ],
  ],
)

/** One switchover to the next node in turn, with the same writes through HAProxy all along. */
async function measure(run: (leader: string, candidate: string) => Promise<number>, into: Round[]): Promise<void> {
  await waitForHealthyCluster(api)
  await systemClock.sleep(REST_MS)
  const { leader, replicas } = await readLeadership(api)
  const candidate = replicas[into.length % replicas.length] ?? ''
  const probe = startWriteProbe({
    target: { host: '127.0.0.1', port, user: 'howdah', password },
    clock: systemClock,
  })
  await probe.ready
  const duration = await run(leader, candidate)
  await waitForHealthyCluster(api)
  await probe.untilWritable(30_000)
  into.push({ duration, outage: (await probe.stop()).seconds * 1000 })
}

async function bareSwitchover(leader: string, candidate: string): Promise<number> {
  return Number(await inContainer(leader, 'python3', '-c', BARE, leader, candidate)) * 1000
}

async function apiSwitchover(_leader: string, candidate: string): Promise<number> {
  const startedAt = performance.now()
  const { operation, refusals } = await requestOperation(api, 'switchover', { candidate })
  if (operation === null) throw new Error(refusals.map(({ message }) => message).join('; '))
  const ended = (await untilEnd(api, operation.id)).operation
  if (ended.status !== 'SUCCEEDED') throw new Error(ended.error?.message ?? ended.status)
  return performance.now() - startedAt
}
