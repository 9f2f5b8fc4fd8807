import { expect, it } from 'vitest'
import { runCommand, tryCommand } from '../../../scripts/lib/run-command.mjs'

it('answers what a program printed', async () => {
  expect(await runCommand('echo', ['hello'])).toBe('hello')
})

it('tells each line as it comes, of both streams', async () => {
  const lines: string[] = []
  await runCommand('sh', ['-c', 'echo one; echo two >&2'], { onLine: (line) => lines.push(line) })
  expect(lines.sort()).toEqual(['one', 'two'])
})

it('says which command failed, and shows its last lines', async () => {
  await expect(runCommand('sh', ['-c', 'seq 30; exit 3'])).rejects.toMatchObject({
    message: '`sh -c seq 30; exit 3` failed',
    detail: Array.from({ length: 20 }, (_, index) => index + 11).join('\n'),
  })
})

it('treats a program that does not exist as one that fails', async () => {
  expect(await tryCommand('no-such-program', [])).toMatchObject({ code: -1, output: expect.stringContaining('ENOENT') })
})

it('hands a program its input, and does not mind one that does not read it', async () => {
  expect(await runCommand('cat', [], { input: 'secret' })).toBe('secret')
  expect(await tryCommand('false', [], { input: 'x'.repeat(1_000_000) })).toMatchObject({ code: 1 })
})

it('gives up on a program that takes too long', async () => {
  expect(await tryCommand('sleep', ['10'], { timeoutMs: 100 })).toMatchObject({
    code: -1,
    output: 'gave up after 0.1 s',
  })
})

it('gives up on a program that says nothing, and lets one that has begun go on', async () => {
  expect(await tryCommand('sleep', ['10'], { silenceMs: 100 })).toMatchObject({ code: -1 })
  expect(await tryCommand('sh', ['-c', 'echo begun; sleep 0.3'], { silenceMs: 200 })).toMatchObject({ code: 0 })
})
