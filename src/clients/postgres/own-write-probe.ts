import type { RunningWriteProbe, WriteProbe } from './write-probe.ts'

/** Write probes that end with their owner. */
export interface OwnedWriteProbe extends WriteProbe {
  /** The newest that was started and has not been stopped. */
  running(): RunningWriteProbe | null
}

/** `stop` ends whatever its owner has started and left running, and lets it start nothing more. */
export function ownWriteProbe(probe: WriteProbe): OwnedWriteProbe & { stop(): Promise<void> } {
  const running = new Set<RunningWriteProbe>()
  let stopped = false
  return {
    start() {
      const started = probe.start()
      const owned: RunningWriteProbe = {
        ...started,
        stop() {
          running.delete(owned)
          return started.stop()
        },
      }
      running.add(owned)
      // A step that a lost attempt could not end any more must not write on.
      if (stopped) void owned.stop()
      return owned
    },
    running: () => [...running].at(-1) ?? null,
    async stop() {
      stopped = true
      await Promise.all([...running].map((each) => each.stop()))
    },
  }
}
