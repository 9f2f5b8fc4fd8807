// @ts-check
import { seconds } from './wait.mjs'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const REMIND_AFTER_MS = 15_000

/**
 * @typedef {object} Step
 * @property {(text: string) => void} note What it is doing right now: one short line.
 * @property {(ending: Ending) => void} tell How it will have ended, where that is more than its work's answer says.
 *
 * @typedef {{ readonly ok: boolean, readonly detail: string }} Ending
 *
 * @typedef {{ name: string, seconds: number, detail: string, ok: boolean }} StepRecord
 * @typedef {'live' | 'plain'} ViewMode
 */

/**
 * Shows steps that may run side by side: one line each with its duration when it ends. On a terminal, what runs now is
 * redrawn below; elsewhere a long step reports now and then.
 * @param {{ mode: ViewMode, out: NodeJS.WritableStream & { columns?: number } }} options
 */
export function createStepsView({ mode, out }) {
  /** @type {StepRecord[]} */
  const records = []
  /** @type {Set<{ name: string, startedAt: number, note: string, toldAt: number, told: string }>} */
  const running = new Set()
  /** @type {readonly string[]} */
  let board = []
  let drawn = 0
  let frame = 0
  /** @type {NodeJS.Timeout | undefined} */
  let timer

  const clip = (/** @type {string} */ text) => text.slice(0, (out.columns ?? 100) - 1)
  const erase = () => {
    if (drawn > 0) out.write(`\x1b[${drawn}A\x1b[J`)
    drawn = 0
  }
  const draw = () => {
    if (mode !== 'live') return
    frame = (frame + 1) % FRAMES.length
    const lines = [...running].map((step) => clip(`${FRAMES[frame]} ${label(step.name)} ${clock(step)}  ${step.note}`))
    if (running.size > 0) lines.push(...board.map((line) => clip(`    ${line}`)))
    erase()
    for (const line of lines) out.write(`${line}\n`)
    drawn = lines.length
  }
  const remind = () => {
    for (const step of running) {
      if (Date.now() - step.toldAt < REMIND_AFTER_MS || step.note === step.told) continue
      step.toldAt = Date.now()
      step.told = step.note
      out.write(`… ${label(step.name)} ${clock(step)}  ${step.note}\n`)
    }
  }
  const tick = () => (mode === 'live' ? draw() : remind())

  return {
    records,
    /** @param {string} text */
    line(text) {
      erase()
      out.write(`${text}\n`)
      draw()
    },
    /**
     * Shown under the running steps on a terminal.
     * @param {readonly string[]} lines
     */
    board(lines) {
      board = lines
    },
    /**
     * @template T
     * @param {string} name
     * @param {(step: Step) => Promise<T>} work A string that it answers is shown on the step's line.
     * @returns {Promise<T>}
     */
    async step(name, work) {
      const entry = { name, startedAt: Date.now(), note: '', toldAt: Date.now(), told: '' }
      running.add(entry)
      timer ??= setInterval(tick, mode === 'live' ? 100 : 1000)
      const end = (/** @type {boolean} */ ok, /** @type {string} */ detail) => {
        running.delete(entry)
        const record = { name, seconds: (Date.now() - entry.startedAt) / 1000, detail, ok }
        records.push(record)
        this.line(`${ok ? '✔' : '✘'} ${label(name)} ${clock(entry)}  ${detail}`.trimEnd())
        if (running.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
      try {
        const note = (/** @type {string} */ text) => {
          entry.note = text
        }
        /** @type {Ending | null} */
        let told = null
        const tell = (/** @type {Ending} */ ending) => {
          told = ending
        }
        const result = await work({ note, tell })
        const { ok, detail } = told ?? { ok: true, detail: typeof result === 'string' ? result : '' }
        end(ok, detail)
        return result
      } catch (error) {
        end(false, 'failed')
        throw error
      }
    },
  }
}

/** @typedef {ReturnType<typeof createStepsView>} StepsView */

/** @param {string} name */
const label = (name) => name.padEnd(18)

/** @param {{ startedAt: number }} step */
const clock = ({ startedAt }) => seconds(Date.now() - startedAt).padStart(7)
