import { InvalidValueError } from '../errors.ts'

/** A position in the WAL, in bytes from its start. Written "1/BBCC7AC0": high and low 32 bits in hexadecimal. */
export type Lsn = bigint

/** A position as an input has it: text where it cannot be read, so that who takes it can refuse it by its field. */
export type GivenLsn = Lsn | string

const LSN_TEXT = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i

export function isLsn(text: string): boolean {
  return LSN_TEXT.test(text)
}

/** Reads "1/BBCC7AC0"; throws InvalidValueError on anything else. */
export function parseLsn(text: string): Lsn {
  const match = LSN_TEXT.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new InvalidValueError(`"${text}" is not an LSN`, {
      remedy: 'Write it as PostgreSQL does, e.g. "1/BBCC7AC0".',
    })
  }
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)
}

/** Writes an LSN as PostgreSQL does: no leading zeros, upper case. */
export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`
}
