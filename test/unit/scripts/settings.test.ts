import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiUrl, openStack, publishedAddress, ROOT } from '../../../scripts/lib/settings.mjs'
import { checkSettings } from '../../../scripts/lib/settings-schema.mjs'
import { run } from '../../support/run.ts'

describe('the settings of a stack', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'howdah-settings-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('are those of env.example where the file says nothing', async () => {
    const stack = await openStack({ envFile: join(folder, 'missing'), environment: {} })
    expect(stack.project).toBe('howdah')
    expect(apiUrl(stack)).toBe('http://localhost:4000/graphql')
  })

  it('come from the file, and before it from the environment, as Compose has it', async () => {
    const envFile = join(folder, '.env')
    await writeFile(envFile, 'API_PORT=1\nHAPROXY_PORT=2\nBIND_ADDRESS=10.0.0.1\n')
    const stack = await openStack({ envFile, environment: { HAPROXY_PORT: '3', HOME: '/root' } })
    expect(apiUrl(stack)).toBe('http://10.0.0.1:1/graphql')
    expect(publishedAddress(stack, 'HAPROXY_PORT')).toBe('10.0.0.1:3')
    expect(stack.settings).not.toHaveProperty('HOME')
  })

  const opened = async (text: string, environment: NodeJS.ProcessEnv = {}) => {
    const envFile = join(folder, 'opened')
    await writeFile(envFile, text)
    return openStack({ envFile, environment })
  }
  /** What is said of a file that is wrong, line by line, without the folder. */
  const faultsOf = async (text: string, environment: NodeJS.ProcessEnv = {}) => {
    const error = await opened(text, environment).then(
      () => null,
      (error) => error,
    )
    return error === null ? [] : error.detail.replaceAll(`${folder}/`, '').split('\n')
  }

  it('are read as Compose reads them', async () => {
    const { settings } = await opened('HAPROXY_PORT=6000   # for psql\nBIND_ADDRESS="127.0.0.1" # local\nAPI_PORT=\n')
    expect(settings).toMatchObject({ HAPROXY_PORT: '6000', BIND_ADDRESS: '127.0.0.1', API_PORT: '4000' })
  })

  it.each([
    ['HAPROXY_PORT=5000x', 'opened:1: HAPROXY_PORT is "5000x"; it must be a port: a whole number from 1 to 65535'],
    ['API_PORT=0', /API_PORT is "0"/],
    ['API_PORT=65536', /65535$/],
    ['API_PORT=4000-4001', /a port/],
    ['API_PORT=5001', 'opened:1: API_PORT is "5001"; it must be another port than that of HAPROXY_READONLY_PORT'],
    ['BIND_ADDRESS=localhost', /IPv4 or IPv6/],
    ['BIND_ADDRESS=127.0.0', /IPv4 or IPv6/],
    ['BIND_ADDRESS=[127.0.0.1]', /IPv4 or IPv6/],
    ['NETWORK_SUBNET=172.20.0.0', /172\.20\.0\.0\/16$/],
    ['NETWORK_SUBNET=172.20.0.0/30', /32 addresses/],
    ['COMPOSE_PROJECT_NAME=Howdah', /lower-case/],
    ['PATRONI_SCOPE=a/b', /a name/],
    ['PATRONI_SCOPE=all', /Barman keeps for itself \(all, barman, DEFAULT\), or BARMAN_SERVER another name$/],
    [
      'BARMAN_SERVER=barman',
      'opened:1: BARMAN_SERVER is "barman"; it must be another name than those that Barman keeps for itself (all, barman, DEFAULT)',
    ],
    ['PATRONI_TTL=19', /at least 20/],
    ['PATRONI_TTL=29', /at least PATRONI_LOOP_WAIT \+ 2 \* PATRONI_RETRY_TIMEOUT, which is 30$/],
    ['LOCK_PATIENCE_SECONDS=1e3', /at least 15/],
    ['PATRONI_LOOP_WAIT=08', /a whole number/],
    ['PATRONI_TTL=030', /a whole number/],
    ['RELEASE_DEAD_LEADER=yes', /"true" or "false"/],
    ['LOG_LEVEL=verbose', /"debug"/],
    ['DOCKER_SOCKET=docker.sock', /from the root on/],
    ['A="', 'opened:1: A: the quote (") has no end'],
    ['a line', 'opened:1: neither NAME=value nor a comment'],
    [
      'PATRONI_POSTGRESS_PASSWORD="secret\nsecret"',
      'opened:1: PATRONI_POSTGRESS_PASSWORD: it must be one line of printable characters',
    ],
    [
      "PATRONI_REPLICATOR_PASSWORD='a\\secret'",
      /^opened:1: PATRONI_REPLICATOR_PASSWORD: between quotes a password has no backslash/,
    ],
  ])('%j is refused, with its line and what is right', async (text, said) => {
    const faults = await faultsOf(text)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toEqual(typeof said === 'string' ? said : expect.stringMatching(said))
    expect(faults[0]).not.toContain('secret')
  })

  it('are given on in the form that everything takes', async () => {
    expect((await opened('READ_MAX_LAG=512 kB\n')).settings['READ_MAX_LAG']).toBe('512kB')
  })

  it('are not taken for empty where the file cannot be read', async () => {
    await expect(openStack({ envFile: '/', environment: {} })).rejects.toMatchObject({
      message: expect.stringMatching(/cannot be read/),
      detail: expect.stringMatching(/EISDIR/),
    })
  })

  it.each([
    ['BARMAN_SERVER=main\nPATRONI_SCOPE=all'],
    ['HAPROXY_PORT=4000\nAPI_PORT=5000'],
    ['NETWORK_SUBNET=10.1.2.0/27\nCONTAINER_PREFIX=second-\nIMAGE_PREFIX=registry.example:5000/howdah'],
    ['MY_PORT_NOTE=whatever\nOTHER=x'],
  ])('%j is accepted', async (text) => {
    expect(await faultsOf(text)).toEqual([])
  })

  it('are refused all at once, in the order of the file, and the environment is named where it is at fault', async () => {
    const faults = await faultsOf('API_PORT=x\nB="\nPATRONI_TTL=1\n', { DB1_REST_PORT: '0' })
    expect(faults.map((fault: string) => fault.split(' ').slice(0, 3).join(' '))).toEqual([
      'the environment: DB1_REST_PORT',
      'opened:1: API_PORT is',
      'opened:2: B: the',
      'opened:3: PATRONI_TTL is',
    ])
  })

  it.each([
    ['::1', '[::1]', '[::1]:4000'],
    ['[::1]', '[::1]', '[::1]:4000'],
    ['::', '[::]', 'localhost:4000'],
    ['0.0.0.0', '0.0.0.0', 'localhost:4000'],
  ])('take the address %s, give Compose %s and people %s', async (written, passed, reached) => {
    const stack = await opened(`BIND_ADDRESS=${written}\n`)
    expect(stack.settings['BIND_ADDRESS']).toBe(passed)
    expect(publishedAddress(stack, 'API_PORT')).toBe(reached)
  })

  it('are right as docker/env.example has them', async () => {
    expect(await faultsOf(await readFile(join(ROOT, 'docker/env.example'), 'utf8'))).toEqual([])
  })

  it('are all checked: none of docker/env.example takes just anything', async () => {
    const { settings } = await openStack({ envFile: join(folder, 'missing'), environment: {} })
    for (const name of Object.keys(settings)) {
      const { faults } = checkSettings({ ...settings, [name]: '\0' })
      expect(faults.map((fault) => fault.name)).toEqual([name])
    }
  })

  it('have the passwords that the containers read: what is written, without variables', {
    timeout: 60_000,
  }, async () => {
    const name = 'PATRONI_POSTGRESS_PASSWORD'
    const text = fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/)
    const line = fc.tuple(
      fc.constantFrom('', 'export ', '  '),
      fc.constantFrom('=', ' = '),
      fc.oneof(
        text,
        text.map((inner) => `"${inner}"`),
        text.map((inner) => `'${inner}'`),
      ),
      fc.constantFrom('', ' # comment', '  ', '\r'),
    )
    await fc.assert(
      fc.asyncProperty(line, async ([before, equals, password, behind]) => {
        const content = `${name}=earlier\n${before}${name}${equals}${password}${behind}\n`
        const stack = await opened(content).catch(() => null)
        if (stack === null) return
        const read = `. docker/images/base/secrets.sh; STACK_ENV="$1" stack_env ${name}`
        const found = await run('bash', '-c', `cd "$2"; ${read}`, 'bash', stack.envFile, ROOT)
        expect(found).toBe(stack.settings[name])
      }),
      { numRuns: 40 },
    )
  })
})
