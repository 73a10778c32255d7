import type { Limit } from '@tweedie/solvers'

/** A limit of x̂₀ by its text: `none`, a number for ± that, or `dynamic:0.995,1`, a quantile and the most it may be. */
export function readLimit(text: string): Limit | 'none' | undefined {
  if (text === 'none') return 'none'
  const [, ratio, most = '1'] = /^dynamic:([^,]+)(?:,([^,]+))?$/.exec(text) ?? []
  if (ratio !== undefined) {
    const limit = { kind: 'dynamic', ratio: Number(ratio), most: Number(most) } as const
    return limit.ratio > 0 && limit.ratio <= 1 && isRange(limit.most) ? limit : undefined
  }
  const range = Number(text)
  return isRange(range) ? { kind: 'clip', range } : undefined
}

const isRange = (value: number): boolean => value > 0 && value < Infinity
