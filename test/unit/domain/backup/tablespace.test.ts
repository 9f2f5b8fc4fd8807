import { describe, expect, test } from 'vitest'
import { byLocation, type Tablespace, whyNotSwappable } from '../../../../src/domain/backup/tablespace.ts'

const VOLUME = '/var/lib/postgresql/17'

describe('a tablespace takes the place of another by rename', () => {
  const cases: [string, string, RegExp | null][] = [
    ['on the volume', `${VOLUME}/fast`, null],
    ['deep on the volume', `${VOLUME}/spaces/2026/fast`, null],
    ['beside a data directory whose name it begins with', `${VOLUME}/patronized`, null],
    ['not on another volume', '/mnt/fast', /outside of the node's volume/],
    ['not above the volume', '/var/lib/postgresql', /outside/],
    ['not where a name only begins like it', `${VOLUME}0/fast`, /outside/],
    ['not as the volume itself', VOLUME, /outside/],
    ['not as the volume with a stroke', `${VOLUME}/`, /outside/],
    ["not inside the node's data", `${VOLUME}/patroni1/pg_tblspc/x`, /inside a data directory/],
    ['not as that itself', `${VOLUME}/patroni1`, /inside a data directory/],
    ['not inside recovered data', `${VOLUME}/patroni1.recovery-r1/x`, /inside a data directory/],
    ['not inside data that was put aside', `${VOLUME}/patroni1.previous-o1/x`, /inside a data directory/],
  ]
  test.each(cases)('%s', (_, location, why) => {
    if (why === null) expect(whyNotSwappable(location, VOLUME)).toBeNull()
    else expect(whyNotSwappable(location, VOLUME)).toMatch(why)
  })
})

describe('tablespaces by their location', () => {
  const at = (oid: number, location: string): Tablespace => ({ oid, name: `ts${oid}`, location })

  test('are one of each, and the first that is named counts', () => {
    expect(byLocation([at(1, '/a'), at(2, '/b')], [at(3, '/b'), at(4, '/c')])).toEqual([
      at(1, '/a'),
      at(2, '/b'),
      at(4, '/c'),
    ])
  })

  test('are none of none', () => {
    expect(byLocation([], [])).toEqual([])
  })
})
