// @ts-check
import { spawn } from 'node:child_process'
import { SetupError } from './setup-error.mjs'

const KEPT_BYTES = 4 * 1024 * 1024

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [timeoutMs]
 * @property {number} [silenceMs] Killed when it has printed nothing at all for this long.
 * @property {string} [input] What it reads from its standard input: for what no command line may show.
 * @property {(line: string) => void} [onLine] Each line of either stream, as it comes.
 *
 * @typedef {object} Finished
 * @property {number} code -1: could not be started, was killed, or took too long.
 * @property {string} stdout
 * @property {string} output Both streams, as they came.
 */

/**
 * Runs a program without a shell, and answers how it ended, whatever that is.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Finished>}
 */
export function tryCommand(program, args, { cwd, env = process.env, timeoutMs, silenceMs, input, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
    // One that ends without reading it: how it ended says why.
    child.stdin.on('error', () => undefined).end(input)
    let stdout = ''
    let output = ''
    let rest = ''
    let reason = ''
    const stop = (/** @type {string} */ why) => {
      reason = why
      child.kill('SIGKILL')
      // A grandchild may hold the pipes open.
      child.stdout.destroy()
      child.stderr.destroy()
    }
    const deadline = timeoutMs ? setTimeout(() => stop(`gave up after ${timeoutMs / 1000} s`), timeoutMs) : undefined
    const silence = silenceMs ? setTimeout(() => stop(`no answer for ${silenceMs / 1000} s`), silenceMs) : undefined

    const take = (/** @type {string} */ text) => {
      clearTimeout(silence)
      output = (output + text).slice(-KEPT_BYTES)
      if (onLine === undefined) return
      const lines = (rest + text).split(/\r?\n|\r/)
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') onLine(line)
    }
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
      take(text)
    })
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', (error) => {
      reason = error.message
    })
    child.on('close', (code) => {
      clearTimeout(deadline)
      clearTimeout(silence)
      resolve({ code: reason === '' ? (code ?? -1) : -1, stdout: stdout.trim(), output: `${output}${reason}`.trim() })
    })
  })
}

/**
 * Runs a program that has to succeed, and answers what it printed on its standard output.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions & { what?: string, remedy?: string }} [options] `what`: said when it fails.
 */
export async function runCommand(program, args, { what, remedy, ...options } = {}) {
  const { code, stdout, output } = await tryCommand(program, args, options)
  if (code === 0) return stdout
  const command = [program, ...args].join(' ')
  throw new SetupError(what ?? `\`${command}\` failed`, {
    detail: `${what === undefined ? '' : `$ ${command}\n`}${lastLines(output, 20)}`,
    ...(remedy === undefined ? {} : { remedy }),
  })
}

/**
 * @param {string} text
 * @param {number} count
 */
export function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

/** @param {string} program */
export async function isInstalled(program) {
  return (await tryCommand('sh', ['-c', `command -v ${program}`])).code === 0
}
