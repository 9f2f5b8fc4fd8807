/** The seed of this run: HOWDAH_SEED, or one that is drawn. */
export function seedOfRun(): number {
  const given = Number(process.env['HOWDAH_SEED'])
  return Number.isSafeInteger(given) && given > 0 ? given : Date.now() % 1_000_000_007
}

/** Numbers from 0 up to 1: the same seed, the same ones (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The same seed, the same order (Fisher and Yates). */
export function shuffle<T>(values: readonly T[], seed: number): T[] {
  const shuffled = [...values]
  const random = randomOf(seed)
  for (let index = shuffled.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1))
    const [a, b] = [shuffled[index], shuffled[other]]
    if (a !== undefined && b !== undefined) {
      shuffled[index] = b
      shuffled[other] = a
    }
  }
  return shuffled
}
