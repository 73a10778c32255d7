import { OptionError } from '@tweedie/tensor'

/** x to the nearest integer, halves to the even one, as NumPy's and Python's `round`. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x)
  const rest = x - low
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low
}

const count = <T>(n: number, at: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => at(i))

/** start, start + step, start + 2·step … below `end`. */
const range = (end: number, step: number): number[] => count(Math.ceil(end / step), (i) => i * step)

/** np.linspace(0, stop, n): products, not sums, and the last exact. `single` is what one value is. */
const evenly = (stop: number, n: number, single: number): number[] => {
  const step = stop / (n - 1)
  return n === 1 ? [single] : count(n, (i) => (i === n - 1 ? stop : i * step))
}

/** The grid of diffusers' "leading" (without `steps_offset`): i·⌊T/n⌋. */
function leading(T: number, n: number): number[] {
  const stride = Math.floor(T / n)
  if (stride === 1 && n < T) {
    throw new OptionError(
      'spacing',
      `'leading' with ${n} of ${T} steps would start at t = ${n - 1}, in the midst of the schedule; ` +
        `take 'ddim', 'linspace' or 'trailing', at most ${Math.floor(T / 2)} steps, or all ${T}`,
    )
  }
  return count(n, (i) => i * stride)
}

/**
 * The grid of diffusers' "trailing": np.round(np.arange(T, 0, −T/n)) − 1, ascending; without the index −1 that
 * rounding adds there at some n (62 of 1000).
 */
function trailing(T: number, n: number): number[] {
  // As np.arange does: the stride is the difference of its first two values.
  const stride = T - T / n - T
  return count(n, (i) => roundHalfEven(T + i * stride) - 1).reverse()
}

/** The grid of guided-diffusion's `space_timesteps` for one section of n: a running sum, then `round`. */
function guided(T: number, n: number): number[] {
  if (n === 1) return [T - 1]
  const stride = (T - 1) / (n - 1)
  let at = 0
  return count(n, () => {
    const t = roundHalfEven(at)
    at += stride
    return t
  })
}

/** The grid of guided-diffusion's "ddimN": the least integer stride that gives exactly n values. */
function guidedDdim(T: number, n: number): number[] {
  const stride = Math.ceil(T / n)
  const given = Math.ceil(T / stride)
  if (given === n) return range(T, stride)
  const more = Math.ceil(T / (stride - 1))
  throw new OptionError(
    'steps',
    `no integer stride takes ${n} of ${T} steps ('guided-ddim'); ${given} and ${more} can be had`,
  )
}

/** The "quad" grid of DDIM's repository: linspace(0, √(0.8·T), n)², cut off; repeated indices once. */
const ddimQuadratic = (T: number, n: number): number[] => [
  ...new Set(evenly(Math.sqrt(T * 0.8), n, 0).map((root) => Math.floor(root * root))),
]

/** DiffPIR's "quad" grid: T−1−⌊√linspace(0, T², n)⌋, the last one 0; repeated indices once. */
const diffpir = (T: number, n: number): number[] => [
  ...new Set(
    evenly(T * T, n, 0)
      .map((square) => T - 1 - Math.min(Math.floor(Math.sqrt(square)), T - 1))
      .reverse(),
  ),
]

/** The published grids by the names of `Spacing`: n of the indices 0 … T−1, ascending. */
export const publishedGrids = {
  leading,
  trailing,
  linspace: (T: number, n: number) => evenly(T - 1, n, T - 1).map(roundHalfEven),
  ddim: (T: number, n: number) => range(T, Math.floor(T / n)),
  'ddim-quadratic': ddimQuadratic,
  guided,
  'guided-ddim': guidedDdim,
  diffpir,
} as const satisfies Readonly<Record<string, (T: number, n: number) => number[]>>
