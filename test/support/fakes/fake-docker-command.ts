import type { Docker } from '../../../scripts/lib/docker-command.mjs'

export interface DockerCall {
  readonly args: readonly string[]
  readonly input: string | undefined
}

/** What the first rule whose pattern fits the command line answers; null: the next one is asked. */
export type DockerRule = readonly [
  pattern: RegExp,
  answer: (call: DockerCall) => string | { code: number; output: string } | null,
]

/** The Docker command line by rules. A command that fits none fails, as Docker itself does with what it does not know. */
export function fakeDockerCommand(rules: readonly DockerRule[]) {
  const calls: DockerCall[] = []
  const docker: Docker = async (args, options) => {
    const call = { args, input: options?.input }
    calls.push(call)
    for (const [pattern, answer] of rules) {
      if (!pattern.test(args.join(' '))) continue
      const said = answer(call)
      if (said === null) continue
      if (typeof said === 'string') return { code: 0, stdout: said, output: said }
      return { ...said, stdout: '' }
    }
    return { code: 1, stdout: '', output: `no such command: docker ${args.join(' ')}` }
  }
  return {
    docker,
    calls,
    /** The command lines that fit. */
    asked: (pattern: RegExp) => calls.map(({ args }) => args.join(' ')).filter((line) => pattern.test(line)),
  }
}
