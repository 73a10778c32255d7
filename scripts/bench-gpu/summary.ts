/** Of several numbers. */
export interface Summary {
  readonly median: number
  /** The 5th and the 95th percentile. */
  readonly low: number
  readonly high: number
  readonly runs: number
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

export function summary(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return { median: median(sorted), low: at(0.05), high: at(0.95), runs: sorted.length }
}
