import type { Sample } from '../../src/metrics/metric-names.ts'

/** "metric{a,b} value" of each. */
export const told = (samples: readonly Sample[]) =>
  samples.map(({ metric, labels, value }) => `${metric}{${Object.values(labels).join()}} ${value}`)
