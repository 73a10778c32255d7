/** The colours of methods that stand side by side, of `theme.css`, in their order; exact draws have their own. */
export const lineColours = ['a', 'b', 'stripe-ink', 'prior', 'ink', 'bad'] as const

/** How many of ranks 0 … N fall into each of `bins` bins of as many ranks. */
export function histogramOf(ranks: readonly number[], count: number, bins: number): readonly number[] {
  const found = Array.from({ length: bins }, () => 0)
  for (const rank of ranks) {
    const bin = Math.min(bins - 1, Math.floor((rank * bins) / (count + 1)))
    found[bin] = (found[bin] ?? 0) + 1
  }
  return found
}

/** Where the count of a bin is in 99 of 100 histograms of `cases` uniform ranks: about, by the normal law. */
export function uniformBand(cases: number, bins: number): readonly [low: number, high: number] {
  const mean = cases / bins
  const half = 2.576 * Math.sqrt(mean * (1 - 1 / bins))
  return [Math.max(0, mean - half), mean + half]
}

const ends = [1, 1.5, 2, 3, 4, 5, 6, 8, 10]

/** A range on a logarithmic line that has all of some positive values in it, with ends of few digits. */
export function logRange(values: readonly number[]): readonly [low: number, high: number] {
  const known = values.filter((value) => value > 0 && Number.isFinite(value))
  if (known.length === 0) return [1, 10]
  const nice = (value: number, up: boolean) => {
    const ten = 10 ** Math.floor(Math.log10(value))
    const steps = ends.map((k) => k * ten)
    return up
      ? (steps.find((step) => step >= value * (1 - 1e-9)) ?? 10 * ten)
      : (steps.findLast((step) => step <= value * (1 + 1e-9)) ?? ten)
  }
  const [low, high] = [nice(Math.min(...known), false), nice(Math.max(...known), true)]
  return high > low ? [low, high] : [low / 2, high * 2]
}

/** The ticks of such a range: 1, 2 and 5 times powers of ten, with 3 where they are few, and powers alone where they are many. */
export function logTicks([low, high]: readonly [number, number]): readonly number[] {
  const from = Math.floor(Math.log10(low))
  const tens = Array.from({ length: Math.ceil(Math.log10(high)) - from + 1 }, (_, k) => 10 ** (from + k))
  const times = high / low > 200 ? [1] : high / low > 8 ? [1, 2, 5] : [1, 1.5, 2, 3, 5, 7]
  const all = tens.flatMap((ten) => times.map((k) => k * ten))
  return all.map((v) => Number(v.toPrecision(2))).filter((v) => v >= low * 0.999 && v <= high * 1.001)
}
