import { describe, expect, it } from 'vitest'
import { cpuPercentBetween, parseContainerUsage } from '../../../../src/clients/docker/container-usage.ts'
import { fixture } from '../../../support/builders/fixture.ts'

describe('use', () => {
  const usage = parseContainerUsage('Docker haproxy', JSON.parse(fixture('container-usage.json')))

  it('leaves out the cache that the kernel would give up', () => {
    const { memory_stats } = JSON.parse(fixture('container-usage.json'))
    expect(usage.memoryBytes).toBe(memory_stats.usage - memory_stats.stats.inactive_file)
    expect(usage.memoryLimitBytes).toBe(memory_stats.limit)
  })

  it('is 100 for one core in full use between two samples', () => {
    const later = { ...usage, at: new Date(usage.at.getTime() + 2_000), cpuNanoseconds: usage.cpuNanoseconds + 2e9 }
    expect(cpuPercentBetween(usage, later)).toBeCloseTo(100)
    expect(cpuPercentBetween(undefined, later)).toBeNull()
    expect(cpuPercentBetween(later, usage)).toBeNull()
  })
})
