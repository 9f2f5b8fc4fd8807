/**
 * Times as people paste them: what the API and the scripts are to make of each. One table for both, so that the two
 * cannot come to disagree.
 */

/** The text, and the instant in UTC. */
export const READABLE_TIMES: readonly (readonly [text: string, utc: string])[] = [
  // psql, as it prints timestamptz in the zone of its session.
  ['2026-11-28 16:37:02.041718+00', '2026-11-28T16:37:02.041718Z'],
  ['2026-11-28 16:37:02.041718+01', '2026-11-28T15:37:02.041718Z'],
  ['2026-11-28 16:37:02.041718-03:30', '2026-11-28T20:07:02.041718Z'],
  ['2026-11-28 16:37:02.1+05:45', '2026-11-28T10:52:02.100Z'],
  ['2026-11-28 16:37:02+00', '2026-11-28T16:37:02.000Z'],
  ['1880-01-01 00:53:28.5+00:53:28', '1880-01-01T00:00:00.500Z'],
  // log_line_prefix %m, and pg_waldump.
  ['2026-11-28 16:37:02.041 UTC', '2026-11-28T16:37:02.041Z'],
  ['2026-11-28 16:37:02.041718 UTC', '2026-11-28T16:37:02.041718Z'],
  ['2026-11-28 16:37:02.041718 GMT', '2026-11-28T16:37:02.041718Z'],
  // date --iso-8601=seconds, date +%z, and what programs write.
  ['2026-11-28T16:37:02+01:00', '2026-11-28T15:37:02.000Z'],
  ['2026-11-28 16:37:02+0100', '2026-11-28T15:37:02.000Z'],
  ['2026-11-28 16:37:02 +0100', '2026-11-28T15:37:02.000Z'],
  ['2026-11-28 16:37:02-0330', '2026-11-28T20:07:02.000Z'],
  ['2026-11-28T16:37:02.041Z', '2026-11-28T16:37:02.041Z'],
  ['2026-11-28t16:37:02.04171z', '2026-11-28T16:37:02.041710Z'],
  ['2026-11-28T16:37:02.000001Z', '2026-11-28T16:37:02.000001Z'],
  ['2026-11-28T16:37:02,041718Z', '2026-11-28T16:37:02.041718Z'],
  ['2026-11-28T16:37:02.Z', '2026-11-28T16:37:02.000Z'],
  ['2026-11-28T16:37Z', '2026-11-28T16:37:00.000Z'],
  ['  2026-11-28  16:37:02 utc\n', '2026-11-28T16:37:02.000Z'],
  // Offsets over a border of the day, and the calendar's corners, as PostgreSQL takes them.
  ['2026-11-28T00:13:11+02:00', '2026-11-27T22:13:11.000Z'],
  ['2026-12-31 23:59:59.999999-01', '2027-01-01T00:59:59.999999Z'],
  ['2028-02-29 12:00:00+00', '2028-02-29T12:00:00.000Z'],
  ['2026-11-28 24:00:00+00', '2026-11-29T00:00:00.000Z'],
  ['2026-12-31 23:59:60+00', '2027-01-01T00:00:00.000Z'],
  ['2026-12-31 23:59:60.5+00', '2027-01-01T00:00:00.500Z'],
  ['1969-12-31 23:59:59.999999+00', '1969-12-31T23:59:59.999999Z'],
  ['0001-01-01 00:00:00+00', '0001-01-01T00:00:00.000Z'],
]

/** Refused for that alone, and the same time with a zone, which is named as the remedy. */
export const ZONELESS_TIMES: readonly (readonly [text: string, remedy: string])[] = [
  ['2026-11-28 16:37:02', '2026-11-28 16:37:02+00'],
  ['2026-11-28T16:37:02', '2026-11-28 16:37:02+00'],
  ['2026-11-28 16:37:02.041718', '2026-11-28 16:37:02.041718+00'],
  ['2026-11-28 16:37:02,041', '2026-11-28 16:37:02.041+00'],
  ['2026-11-28T16:37', '2026-11-28 16:37:00+00'],
  ['2026-11-28', '2026-11-28 00:00:00+00'],
]

/** Refused, and a part of the sentence that says why. */
export const UNREADABLE_TIMES: readonly (readonly [text: string, why: string])[] = [
  // A zone that could be several, or none.
  ['2026-11-28 16:37:02 CET', 'names its time zone'],
  ['2026-11-28 16:37:02.041 IST', 'names its time zone'],
  ['2026-11-28 16:37:02 Europe/Berlin', 'names its time zone'],
  ['2026-11-28 16:37:02 UTC+1', 'names its time zone'],
  ['2026-11-28 16:37:02 Etc/GMT-14', 'names its time zone'],
  ['2026-11-28 16:37:02+16', 'no offset'],
  ['2026-11-28 16:37:02+01:60', 'no offset'],
  ['2026-11-28 16:37:02+1', 'no offset'],
  ['2026-11-28 16:37:02+00 and more', 'no offset'],
  // More than is kept.
  ['2026-11-28 16:37:02.0417181+00', 'microseconds'],
  ['2026-11-28T16:37:02.041718000Z', 'microseconds'],
  ['2026-11-28 16:37:02.041718000 UTC', 'microseconds'],
  // No such day or hour.
  ['2026-02-30 12:00:00+00', 'calendar'],
  ['2026-02-30 12:00:00 CET', 'calendar'],
  ['2026-02-29 12:00:00+00', 'calendar'],
  ['2026-13-01 12:00:00+00', 'calendar'],
  ['2026-00-10 12:00:00+00', 'calendar'],
  ['0000-01-01 12:00:00+00', 'years 1 to 9999'],
  ['0001-01-01 00:00:00+01', 'years 1 to 9999'],
  ['9999-12-31 23:59:59-01', 'years 1 to 9999'],
  ['2026-11-28 24:00:00.000001+00', 'calendar'],
  ['2026-11-28 24:01:00+00', 'calendar'],
  ['2026-11-28 16:60:02+00', 'calendar'],
  ['2026-11-28 16:37:61+00', 'calendar'],
  // No fixed point in time.
  ['infinity', 'word'],
  ['-infinity', 'word'],
  ['yesterday', 'word'],
  ['0044-03-15 12:00:00+00 BC', 'era'],
  // Other ways to write one.
  ['Sat Nov 28 16:37:02.041718 2026 UTC', 'not a time that can be read'],
  ['28.11.2026 16:37:02.041718 UTC', 'not a time that can be read'],
  ['11/28/2026 16:37:02 UTC', 'not a time that can be read'],
  ['1795890714', 'not a time that can be read'],
  ['20261128T163702Z', 'not a time that can be read'],
  ['2026-11-28 4:37:02+00', 'not a time that can be read'],
  ['2026-11-28 04:37:02 PM', 'not a time that can be read'],
  ['2026-11-28 04:37:02 PM UTC', 'not a time that can be read'],
  ['', 'not a time that can be read'],
]
