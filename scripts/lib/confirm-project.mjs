// @ts-check
import { createInterface } from 'node:readline/promises'
import { SetupError } from './setup-error.mjs'

/**
 * Asks for the name of the project, and throws where it is not given.
 * @param {string} project
 * @param {{ question: string, declined: string, remedy: string }} texts
 */
export async function confirmProject(project, { question, declined, remedy }) {
  if (!process.stdin.isTTY)
    throw new SetupError(`${declined.replace(/\.$/, '')}: there is no terminal to ask on.`, { remedy })
  const line = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await line.question(`${question} Type its name to go on: `)
  line.close()
  if (answer.trim() !== project) throw new SetupError(declined, { remedy })
}
