import { expect, it } from 'vitest'
import { explainComposeFailure } from '../../../scripts/lib/explain-failure.mjs'

const settings = { DB2_POSTGRES_PORT: '5432', NETWORK_SUBNET: '172.20.0.0/16' }

it.each([
  [
    'driver failed programming external connectivity on endpoint db2 (0f): Bind for 127.0.0.1:5432 failed: port is already allocated',
    /^Port 5432 is in use.*another for DB2_POSTGRES_PORT in \.env\.$/,
  ],
  ['listen tcp4 127.0.0.1:5432: bind: address already in use', /DB2_POSTGRES_PORT/],
  ['listen tcp6 [::1]:5432: bind: address already in use', /^Port 5432 .*DB2_POSTGRES_PORT/],
  ['listen tcp4 127.0.0.1:99: bind: address already in use', /^Port 99 .* another for it in \.env\.$/],
  [
    'invalid pool request: Pool overlaps with other one on this address space',
    /^The network 172\.20\.0\.0\/16 overlaps.*NETWORK_SUBNET/,
  ],
  [
    'The container name "/db1" is already in use by container "6f"',
    /^Another stack has a container "db1".*CONTAINER_PREFIX/,
  ],
  ['write /x: no space left on device', /^The disk is full/],
  ['E: Unable to fetch some archives', /package mirrors/],
  ['something new', /^$/],
])('%s', (output, remedy) => {
  expect(explainComposeFailure(output, settings)).toMatch(remedy)
})
