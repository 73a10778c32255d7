/** Draws of a campaign: the same for the same seed and number of a case, whatever came before. */
export interface Random {
  /** A whole number below n. */
  below(n: number): number
  /** Whether a chance of p came true. */
  chance(p: number): boolean
  pick<T>(items: readonly T[]): T
}

/** Draws of case `index` of a campaign of `seed` (mulberry32 on a mixed key). */
export function randomOf(seed: number, index: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  const below = (n: number) => next() % Math.max(1, n)
  return {
    below,
    chance: (p) => next() < p * 2 ** 32,
    pick: (items) => {
      const item = items[below(items.length)]
      if (item === undefined) throw new RangeError('nothing to pick from')
      return item
    },
  }
}
