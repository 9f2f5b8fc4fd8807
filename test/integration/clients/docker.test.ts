import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cpuPercentBetween } from '../../../src/clients/docker/container-usage.ts'
import { createDockerClient } from '../../../src/clients/docker/docker-client.ts'
import { createDockerExec } from '../../../src/clients/docker/docker-exec.ts'
import type { LogLine } from '../../../src/domain/cluster/log-line.ts'
import { ServiceState } from '../../../src/domain/cluster/node.ts'
import { NotFoundError, UnreachableError } from '../../../src/domain/errors.ts'
import { docker } from '../../support/docker.ts'
import { startContainer, type TestContainer } from '../../support/servers/test-container.ts'
import { waitFor } from '../../support/wait-for.ts'

const endpoint = 'unix:///var/run/docker.sock'
const client = createDockerClient({ endpoint })
const { run } = createDockerExec({ endpoint })
const ALL = { tail: null, since: null }

let container: TestContainer
beforeAll(async () => {
  const script = 'trap "exit 3" TERM; echo one; echo two >&2; i=0; while sleep 0.2; do i=$((i+1)); echo tick $i; done'
  const options = ['--publish', '127.0.0.1::2379']
  container = await startContainer({ image: 'etcd', entrypoint: 'sh', command: ['-c', script], options })
})
afterAll(() => container?.remove())

describe('reading', () => {
  it('tells a running container, and one that does not exist', async () => {
    const status = await client.inspect(container.name)
    expect(status).toMatchObject({ state: ServiceState.RUNNING, health: null, restartCount: 0, exitCode: null })
    expect(status.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+->2379\/tcp$/)])
    expect(await client.inspect('howdah-test-nothing')).toMatchObject({
      state: ServiceState.MISSING,
      containerId: null,
    })
  })

  it('tells what a container uses between two samples', async () => {
    const before = await client.usage(container.name)
    await waitFor('a later sample', async () => cpuPercentBetween(before, await client.usage(container.name)) !== null)
    expect(before.memoryBytes).toBeGreaterThan(0)
    expect(before.memoryLimitBytes).toBeGreaterThan(before.memoryBytes ?? 0)
  })

  it('gives the last lines, those since a time, and both streams', async () => {
    await waitFor('some lines', async () => (await client.logs(container.name, ALL)).length > 5)
    const lines = await client.logs(container.name, ALL)
    expect(lines.map(({ text }) => text)).toEqual(expect.arrayContaining(['one', 'two', 'tick 1']))
    expect(lines.find(({ text }) => text === 'two')?.stream).toBe('stderr')
    const tick = lines.find(({ text }) => text === 'tick 2')
    const since = await client.logs(container.name, { tail: null, since: tick?.at ?? null })
    expect(since.map(({ text }) => text)).not.toContain('tick 1')
    expect(await client.logs(container.name, { tail: 2, since: null })).toHaveLength(2)
    await expect(client.logs('howdah-test-nothing', ALL)).rejects.toThrow(NotFoundError)
  })

  it('follows a log until it is told to stop, and when its reader goes away', async () => {
    const stopping = new AbortController()
    const lines: LogLine[] = []
    for await (const line of client.followLogs(container.name, { tail: 1, since: null }, stopping.signal)) {
      lines.push(line)
      if (lines.length === 4) stopping.abort()
    }
    expect(lines).toHaveLength(4)
    for await (const line of client.followLogs(
      container.name,
      { tail: 1, since: null },
      new AbortController().signal,
    )) {
      expect(line.at.getTime()).toBeGreaterThan(Date.now() - 60_000)
      break
    }
  })

  it('tells that a container was stopped and started, and how it ended', async () => {
    const stopping = new AbortController()
    const changed: string[] = []
    let open = false
    const watched = client.watch({
      signal: stopping.signal,
      onOpen: () => {
        open = true
      },
      onChange: ({ name }) => changed.push(name),
    })
    await waitFor('the stream', () => open)
    await docker('stop', container.name)
    await waitFor('the stop', () => changed.includes(container.name))
    expect(await client.inspect(container.name)).toMatchObject({ state: ServiceState.EXITED, exitCode: 3 })
    changed.length = 0
    await docker('start', container.name)
    await waitFor('the start', () => changed.includes(container.name))
    stopping.abort()
    await watched
  })

  it('fails in time where there is no engine', async () => {
    const nowhere = createDockerClient({ endpoint: 'http://127.0.0.1:1', timeoutMs: 500 })
    await expect(nowhere.inspect('x')).rejects.toThrow(UnreachableError)
  })
})

describe('running commands', () => {
  it('gives exit code, both streams and each line as it comes; no shell reads the arguments', async () => {
    const lines: string[] = []
    const result = await run({
      container: container.name,
      env: { GREETING: 'grüß dich' },
      argv: ['sh', '-c', 'echo "$GREETING"; echo "$1" >&2; printf end; exit 7', 'sh', '$(whoami); x'],
      onLine: (line, stream) => lines.push(`${stream}: ${line}`),
    })
    expect(result).toEqual({ exitCode: 7, stdout: 'grüß dich\nend', stderr: '$(whoami); x\n' })
    expect(lines.sort()).toEqual(['stderr: $(whoami); x', 'stdout: end', 'stdout: grüß dich'])
  })

  it('runs as the user that is named', async () => {
    const { stdout } = await run({ container: container.name, user: 'root', argv: ['id', '-un'] })
    expect(stdout).toBe('root\n')
  })

  it('gives what is secret on the standard input, which ends: no command line shows it', async () => {
    const secret = `${'grüß '.repeat(50_000)}dich\n`
    const request = { container: container.name, argv: ['sh', '-c', 'cat; tr "\\0" " " < /proc/$$/cmdline >&2'] }
    const { exitCode, stdout, stderr } = await run({ ...request, stdin: secret })
    expect([exitCode, stdout]).toEqual([0, secret])
    expect(stderr).not.toContain('dich')
    expect((await run({ ...request, stdin: '' })).stdout).toBe('')
    expect((await run(request)).stdout).toBe('')
  })

  it('goes on where the command ends without having read what it was given', async () => {
    const argv = ['sh', '-c', 'echo enough; exit 4']
    const result = await run({ container: container.name, argv, stdin: 'x'.repeat(1_000_000) })
    expect(result).toMatchObject({ exitCode: 4, stdout: 'enough\n' })
  })

  it('streams lines while the command runs, and stops waiting when aborted', async () => {
    const stopping = new AbortController()
    const argv = ['sh', '-c', 'echo started; sleep 5']
    const onLine = () => stopping.abort(new Error('enough'))
    await expect(run({ container: container.name, argv, onLine, signal: stopping.signal })).rejects.toThrow('enough')
  })

  it('gives up after its time, and says on what', async () => {
    const argv = ['sleep', '5']
    await expect(run({ container: container.name, argv, timeoutMs: 100 })).rejects.toThrow(
      /no end within 100 ms: sleep/,
    )
    await expect(run({ container: 'howdah-test-nothing', argv })).rejects.toThrow(NotFoundError)
  })
})
