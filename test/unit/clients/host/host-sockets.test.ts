import { expect, it } from 'vitest'
import { parseSocketTable } from '../../../../src/clients/host/host-sockets.ts'
import { UnexpectedAnswerError } from '../../../../src/domain/errors.ts'

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue uid inode'
const row = (local: string, state: string) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 38438587 1 0000 100 0 0 10 0`
const row6 = (local: string) => row(local, '0A').replace('00000000:0000 0A', `${'0'.repeat(32)}:0000 0A`)

it('what listens is told, IPv4 and IPv6, and what is connected is not', () => {
  const rows = [row('0100007F:0FA0', '0A'), row('00000000:1388', '0A'), row('0100007F:0FA0', '01')]
  expect(parseSocketTable([HEADER, ...rows, ''].join('\n'))).toEqual([
    { address: '127.0.0.1', port: 4000 },
    { address: '0.0.0.0', port: 5000 },
  ])
  const six = [row6(`${'0'.repeat(32)}:1388`), row6('00000000000000000000000001000000:0FA0')]
  expect(parseSocketTable([HEADER.replace('local_address', 'local_address      '), ...six].join('\n'))).toEqual([
    { address: '::', port: 5000 },
    { address: '::1', port: 4000 },
  ])
})

it('what is no such table is not taken for an empty one', () => {
  expect(() => parseSocketTable('')).toThrow(UnexpectedAnswerError)
})
