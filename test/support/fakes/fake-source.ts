/** What values come from, and who listens to it. */
export function source<T>() {
  const listeners = new Set<(value: T) => void>()
  return {
    listeners,
    tell: (value: T) => {
      for (const listener of listeners) listener(value)
    },
    listen: (listener: (value: T) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
