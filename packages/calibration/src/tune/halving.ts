import { OptionError } from '@tweedie/tensor'

/** A rung: how many candidates are looked at, each on how many seeds. */
export interface Rung {
  readonly candidates: number
  readonly seeds: number
}

/**
 * The rungs of successive halving: the best 1/keep of the candidates go on, with `keep` times as many seeds, until one is left
 * (Jamieson & Talwalkar, arXiv 1502.07943). Each rung costs about as much.
 *
 * @param seeds - Of the first rung.
 * @throws {OptionError} for counts that are none.
 * @example
 * ```ts
 * import { rungsOf } from '@tweedie/calibration'
 * rungsOf(9, 3, 1) // => [{ candidates: 9, seeds: 1 }, { candidates: 3, seeds: 3 }]
 * ```
 */
export function rungsOf(candidates: number, keep: number, seeds: number): readonly Rung[] {
  for (const [name, value, least] of [
    ['candidates', candidates, 2],
    ['keep', keep, 2],
    ['seeds', seeds, 1],
  ] as const)
    if (!Number.isSafeInteger(value) || value < least)
      throw new OptionError(name, `must be an integer of at least ${least}, got ${value}`)
  const rungs: Rung[] = []
  for (let [left, each] = [candidates, seeds]; left > 1; left = Math.floor(left / keep), each *= keep)
    rungs.push({ candidates: left, seeds: each })
  return rungs
}

/** Ranks 1 … n of badnesses, equal ones sharing the mean of theirs. */
export function ranksOf(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length
    const equal = values.filter((other) => Object.is(other, value)).length
    return below + (equal + 1) / 2
  })
}

/** What was found of a candidate at a rung. */
export interface Standing<C> {
  readonly candidate: C
  /** How bad it is on each problem; ∞ where there are no samples. */
  readonly badness: readonly number[]
  /** Mean of its ranks over the problems, 1 the best: problems need have no scale in common. */
  readonly rank: number
}

/**
 * Successive halving.
 * @param candidates - In order of preference among equals.
 * @param measure - How bad candidates are on each problem, on the first so many seeds.
 * @returns The standings of each rung, from the best to the worst; the first of the last is the winner.
 */
export async function halve<C>(
  candidates: readonly C[],
  { keep, seeds }: { readonly keep: number; readonly seeds: number },
  measure: (candidates: readonly C[], rung: Rung, index: number) => Promise<readonly (readonly number[])[]>,
): Promise<readonly (readonly Standing<C>[])[]> {
  const standings: (readonly Standing<C>[])[] = []
  let left = candidates
  for (const [index, rung] of rungsOf(candidates.length, keep, seeds).entries()) {
    left = left.slice(0, rung.candidates)
    const found = await measure(left, rung, index)
    const problems = found[0]?.length ?? 0
    const ranks = Array.from({ length: problems }, (_, p) => ranksOf(found.map((all) => all[p] ?? Infinity)))
    const all = left.map((candidate, i) => ({
      candidate,
      badness: found[i] ?? [],
      rank: ranks.reduce((sum, of) => sum + (of[i] ?? 0), 0) / problems,
    }))
    const ordered = [...all].sort((a, b) => a.rank - b.rank)
    standings.push(ordered)
    left = ordered.map(({ candidate }) => candidate)
  }
  return standings
}
