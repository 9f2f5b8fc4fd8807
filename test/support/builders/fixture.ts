import { readFileSync } from 'node:fs'

/** What a real system answered, as text. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
}

export function barmanFixture(name: string): string {
  return readFileSync(new URL(`../fixtures/barman/${name}`, import.meta.url), 'utf8')
}
