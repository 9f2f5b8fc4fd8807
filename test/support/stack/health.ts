import { waitFor } from '../wait-for.ts'
import type { ApiClient } from './api-client.ts'

/** What tests read of an issue. */
export interface IssueView {
  readonly code: string
  readonly severity: string
  readonly message: string
  readonly remedy: string | null
  readonly since: string
}

export interface HealthView {
  readonly status: string
  readonly issues: readonly IssueView[]
}

export async function healthOf(api: ApiClient): Promise<HealthView> {
  const query = '{ cluster { health { status issues { code severity message remedy since } } } }'
  return (await api.query<{ cluster: { health: HealthView } }>(query)).cluster.health
}

export const issuesOf = async (api: ApiClient): Promise<readonly IssueView[]> => (await healthOf(api)).issues

export function waitForHealth(api: ApiClient, timeoutMs: number): Promise<boolean> {
  return waitFor(
    'the cluster to be healthy',
    async () => {
      const health = await healthOf(api)
      if (health.status !== 'HEALTHY') throw new Error(JSON.stringify(health))
      return true
    },
    { timeoutMs, intervalMs: 500 },
  )
}
