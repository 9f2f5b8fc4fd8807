import { formatGlobalId, readGlobalId } from '../resource-id.ts'
import type { HealthFinding } from './health-issue.ts'

/**
 * The same for as long as the issue lasts: "HealthIssue:patroni/NODE_STOPPED/PostgresNode/db2". Its code, its subject (without
 * the cluster, which is there already) and, where one subject may have several, which.
 */
export function issueId(
  cluster: string,
  { code, subject, which }: Pick<HealthFinding, 'code' | 'subject' | 'which'>,
): string {
  const type = readGlobalId(subject)?.type ?? 'Cluster'
  const path = subject.slice(subject.indexOf(':') + 1).split('/')
  const about = type === 'Cluster' ? [] : [type, ...path.slice(1)]
  const parts = [code, ...about, ...(which === undefined ? [] : [which])]
  return formatGlobalId('HealthIssue', cluster, parts.map(plain).join('/'))
}

/** Names of checks and of services are a person's words. */
function plain(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]+/g, '-')
}
