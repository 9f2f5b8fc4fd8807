import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { ROOT } from '../../../scripts/lib/settings.mjs'
import { CLUSTER_METRICS, HOWDAH_METRICS } from '../../../src/metrics/metric-names.ts'

const read = (path: string) => readFile(join(ROOT, path), 'utf8')
const rules = z
  .object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({ alert: z.string(), expr: z.string(), annotations: z.object({ runbook_url: z.string() }) }),
        ),
      }),
    ),
  })
  .parse(parse(await read('configs/monitoring/howdah.rules.yml')))
const alerts = rules.groups.flatMap((group) => group.rules)
const board = await read('configs/monitoring/howdah.dashboard.json')
const document = await read('docs/MONITORING.md')

const COUNTED = ['operations_total', 'operation_duration_seconds', 'operation_takeovers_total']
const KNOWN = new Set(
  [...Object.keys(CLUSTER_METRICS), ...Object.keys(HOWDAH_METRICS), ...COUNTED].map((name) => `howdah_${name}`),
)
const metricsIn = (text: string) => [...text.matchAll(/howdah_[a-z_]+/g)].map(([name]) => name)

describe('what is given to Prometheus', () => {
  test.each([
    ['the alerts', alerts.map(({ expr }) => expr).join('\n')],
    ['the board', board],
  ])('names metrics that there are: %s', (_, text) => {
    expect(metricsIn(text).length).toBeGreaterThan(10)
    expect(metricsIn(text).filter((name) => !KNOWN.has(name))).toEqual([])
  })

  test('leads from each alert to its runbook', () => {
    const headings = [...document.matchAll(/^### (\w+)$/gm)].map(([, name]) => name)
    expect(alerts.map(({ alert }) => alert)).toEqual(headings)
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook_url).toBe(`docs/MONITORING.md#${alert.toLowerCase()}`)
    }
  })

  test('is in the document, metric by metric, as the code has it', () => {
    for (const [name, { help, labels }] of Object.entries(CLUSTER_METRICS)) {
      expect(document).toContain(`| \`${name}\` | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`)
    }
    for (const [name, { help }] of Object.entries(HOWDAH_METRICS))
      expect(document).toContain(`| \`${name}\` | ${help} |`)
    for (const name of COUNTED) expect(document).toContain(`| \`${name}\` |`)
  })
})
