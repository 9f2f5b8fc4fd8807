import { describe, expect, it } from 'vitest'
import { endSandboxes, PROJECT_LABEL } from '../../../scripts/lib/sandboxes.mjs'
import { SANDBOX_PROJECT_LABEL } from '../../../src/clients/docker/docker-sandboxes.ts'

/** Docker with these sandboxes, which fails the command that begins so. */
function fakeDocker(ids: readonly string[], failing = 'none') {
  const asked: string[] = []
  const docker = async (args: readonly string[]) => {
    asked.push(args.join(' '))
    const failed = args[0] === failing
    return {
      code: failed ? 1 : 0,
      stdout: args[0] === 'ps' ? ids.join('\n') : '',
      output: failed ? 'no such thing' : '',
    }
  }
  return { asked, docker }
}

describe('endSandboxes', () => {
  it('finds sandboxes by the label that the worker gives them', () => {
    expect(PROJECT_LABEL).toBe(SANDBOX_PROJECT_LABEL)
  })

  it.each([
    ['stop', 'ps --quiet --filter label=howdah.project=mine', 'stop --time 1 a b'],
    ['remove', 'ps --quiet --all --filter label=howdah.project=mine', 'rm --force --volumes a b'],
  ] as const)('can %s those of a stack', async (how, list, end) => {
    const { asked, docker } = fakeDocker(['a', 'b'])
    expect(await endSandboxes('mine', how, docker)).toBe(2)
    expect(asked).toEqual([list, end])
  })

  it('ends nothing where there is none', async () => {
    const { asked, docker } = fakeDocker([])
    expect(await endSandboxes('mine', 'remove', docker)).toBe(0)
    expect(asked).toHaveLength(1)
  })

  it.each(['ps', 'rm'])('says so when docker %s fails', async (failing) => {
    const { docker } = fakeDocker(['a'], failing)
    await expect(endSandboxes('mine', 'remove', docker)).rejects.toThrow(`docker ${failing}`)
  })
})
