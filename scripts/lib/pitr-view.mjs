// @ts-check
/** @typedef {import('./pitr-client.mjs').Plan} Plan */
/** @typedef {import('./pitr-client.mjs').Verdict} Verdict */
/** @typedef {import('./pitr-client.mjs').Progress} Progress */
/** @typedef {import('./pitr-client.mjs').PitrEvent} PitrEvent */

const BAR = 24

/**
 * @param {Plan} plan
 * @param {Verdict} verdict
 * @param {string | null} given The backup that was asked for.
 * @returns {string[]}
 */
export function planLines(plan, verdict, given) {
  const { backup, timeline, walsToReplay, bytesToReplay } = verdict
  const wal = walsToReplay === null ? 'unknown' : `${walsToReplay} segments, ${bytes(bytesToReplay)}`
  return [
    plan.summary,
    `  backup          ${given ?? backup?.backupId ?? 'none'}, timeline ${timeline ?? 'unknown'}`,
    `  WAL to replay   ${wal}`,
    `  takes about     ${duration(plan.estimatedSeconds ?? verdict.estimatedSeconds)}`,
    `  writes fail for ${duration(plan.downtimeSeconds)}`,
    `  data loss       ${plan.dataLoss ?? 'none'}`,
    ...plan.steps.map(({ title, estimatedSeconds }) => `  step  ${title} (${duration(estimatedSeconds)})`),
    ...plan.checks.map(({ name, status, message }) => `  check ${status.padEnd(7)} ${name}: ${message ?? ''}`),
  ]
}

/** @param {Progress} progress */
export function progressText({ percent, bytesDone, bytesTotal, bytesPerSecond, etaSeconds, message }) {
  const filled = Math.round(((percent ?? 0) / 100) * BAR)
  return [
    `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}]`,
    percent === null ? '' : `${percent.toFixed(0)} %`,
    bytesDone === null ? '' : `${bytes(bytesDone)} of ${bytes(bytesTotal)}`,
    bytesPerSecond === null ? '' : `${bytes(bytesPerSecond)}/s`,
    etaSeconds === null ? '' : `${duration(etaSeconds)} left`,
    message ?? '',
  ]
    .filter((part) => part !== '')
    .join('  ')
}

/**
 * Events as lines; on a terminal the progress of the running step is one line that is redrawn.
 * @param {{ live: boolean, write: (text: string) => void, columns?: number }} out
 */
export function createEventView({ live, write, columns = 100 }) {
  let drawn = false
  let told = -1
  /** @param {string} text */
  const line = (text) => {
    write(`${drawn ? '\r\x1b[K' : ''}${text}\n`)
    drawn = false
  }
  return {
    line,
    /** @param {PitrEvent} event */
    show({ __typename, message, step, progress, error }) {
      if (__typename !== 'StepProgressed' || progress === undefined) {
        told = -1
        return line([message, error?.remedy].filter(Boolean).join('\n  '))
      }
      const text = `  ${step}  ${progressText(progress)}`
      if (live) {
        write(`\r\x1b[K${text.slice(0, columns - 1)}`)
        drawn = true
        return
      }
      // A line for each tenth is enough where nothing is redrawn.
      const tenth = Math.floor((progress.percent ?? 0) / 10)
      if (tenth <= told) return
      told = tenth
      line(text)
    },
  }
}

/** @param {number | null} count */
export function bytes(count) {
  if (count === null) return 'unknown'
  if (count >= 1024 ** 3) return `${(count / 1024 ** 3).toFixed(2)} GiB`
  return `${(count / 1024 ** 2).toFixed(1)} MiB`
}

/** @param {number | null} seconds */
export function duration(seconds) {
  if (seconds === null) return 'unknown'
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
