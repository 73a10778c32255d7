/** Samples of each posterior, so that ranks are 0 … 99, and the most cases. */
export const [drawsOfCase, mostCases] = [99, 200] as const

/** The levels 5 %, 10 % … 95 % of the coverage curves. */
export const parts: readonly number[] = Array.from({ length: 19 }, (_, k) => (k + 1) / 20)
