import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiUrl, openStack, parseEnvironmentFile, publishedAddress } from '../../../scripts/lib/settings.mjs'

describe('the environment file', () => {
  it.each([
    ['A=1', { A: '1' }],
    ['# A=1\n\nB=2', { B: '2' }],
    ['A=\'x y\'\nB="z"', { A: 'x y', B: 'z' }],
    ['A=', { A: '' }],
    ['export A=1\r\n', { A: '1' }],
    ['A=b=c', { A: 'b=c' }],
    ['not a line', {}],
  ])('%j holds %j', (text, expected) => {
    expect(parseEnvironmentFile(text)).toEqual(expected)
  })
})

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
})
