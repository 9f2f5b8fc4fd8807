import { seenNow } from '../observed.ts'
import type { ClusterSnapshot, ServiceStatus } from './cluster.ts'

/** A service's container as it is seen now; null when its Docker engine cannot be asked, or there is no such service. */
export function serviceNow({ services }: Pick<ClusterSnapshot, 'services'>, name: string | null): ServiceStatus | null {
  const service = services.find((each) => each.name === name)
  return service === undefined ? null : seenNow(service.status)
}

/** Of those whose engine answers. */
export function servicesNow({ services }: Pick<ClusterSnapshot, 'services'>): readonly ServiceStatus[] {
  return services.flatMap(({ status }) => seenNow(status) ?? [])
}
