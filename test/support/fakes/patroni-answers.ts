import { UnreachableError } from '../../../src/domain/errors.ts'

/** No answer at all. */
export const silent = () => Promise.reject(new UnreachableError('Patroni', 'timeout'))

/** This answer, and what it means for the cluster. */
export const says =
  (status: number, text: string, effect: () => void = () => {}) =>
  () => {
    effect()
    return Promise.resolve({ status, text })
  }

/** What happens at the n-th call. */
export const onTurn = (times: number, effect: () => void) => {
  let left = times
  return () => {
    left -= 1
    if (left === 0) effect()
  }
}
