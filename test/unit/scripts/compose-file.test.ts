import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { RECOVERY_PORT } from '../../../src/domain/recovery/recovery.ts'

interface ComposeService {
  readonly ports?: readonly string[]
  readonly sysctls?: Readonly<Record<string, string>>
}

const text = await readFile(join(import.meta.dirname, '../../../docker/compose.yml'), 'utf8')
const services: Readonly<Record<string, ComposeService>> = parse(text, { merge: true }).services

test('no outgoing connection takes the port on which a recovered copy is to listen', () => {
  const publishing = Object.entries(services).filter(([, { ports = [] }]) =>
    ports.some((port) => port.endsWith(`:${RECOVERY_PORT}`)),
  )
  expect(publishing.map(([name]) => name).sort()).toEqual(['barman', 'db1', 'db2', 'db3', 'db4'])
  for (const [name, { sysctls }] of publishing) {
    expect([name, sysctls]).toEqual([name, { 'net.ipv4.ip_local_reserved_ports': String(RECOVERY_PORT) }])
  }
})
