import type { Observed } from '../../../src/domain/observed.ts'

export const NOW = new Date('2026-11-22T12:00:00Z')

export function seen<T>(value: T): Observed<T> {
  return { value, at: NOW, error: null }
}

export function away<T>(error = 'connection refused', last: T | null = null): Observed<T> {
  return { value: last, at: last === null ? null : NOW, error }
}
