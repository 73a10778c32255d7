// Fits of a diagonal Gaussian, bridges and DDIM once more in plain numbers, one sample, for the written-out tests of methods that guide
// between x_t and the clean end.
import type { Key } from '@tweedie/tensor'
import { normal } from '@tweedie/tensor'
import type { Levels, Vector } from '../written-out.test.helper.ts'
import { evaluate, length, plus, pullBack, times, transposed } from '../written-out.test.helper.ts'
import { A, list, network, y } from '../written-out-problem.test.helper.ts'

/** Standard normal numbers of a key. */
export const drawnBy = (key: Key, count: number): number[] =>
  list(normal([key], [count], { dtype: 'float64' }))

/** Mean and variance of x_s given x_ℓ and x_t, by adding precisions; with η by its definition. */
export function plainBridge({ alpha, sigma }: Levels, t: number, s: number, end: number | undefined, xEnd: Vector, xt: Vector, eta = 1): { mean: number[]; deviation: number } {
  const [ae, ve] = end === undefined ? [1, 0] : [alpha(end), sigma(end) ** 2]
  if (s === end) return { mean: [...xEnd], deviation: 0 }
  const near = sigma(s) ** 2 - (alpha(s) / ae) ** 2 * ve
  const far = sigma(t) ** 2 - ((alpha(t) / alpha(s)) * sigma(s)) ** 2
  const whole = sigma(t) ** 2 - (alpha(t) / ae) ** 2 * ve
  const fresh = (eta ** 2 * near * far) / whole
  const ofX = Math.sqrt((near - fresh) / whole)
  return { mean: plus([alpha(s) / ae, xEnd], [ofX, plus([1, xt], [-alpha(t) / ae, xEnd])]), deviation: Math.sqrt(fresh) }
} // biome-ignore format: formulas

/** −∇_x log p(y | x̂₀(x)) for Gaussian noise. */
export function misfit(x: Vector, t: number, sigmaY: number): number[] {
  const r = plus([1, times(A, evaluate(network, x, t))], [-1, y])
  return pullBack(network, x, t, times(transposed(A), r).map((v) => v / sigmaY ** 2)) // biome-ignore format: one line
}

export interface PlainFit {
  readonly steps: number
  readonly rate: number
  readonly optimizer: 'adam' | 'normalised'
  readonly divergence: 'closed' | 'sampled'
  readonly key: Key
}

/** N(m, diag e^{2v}) after a fit. */
export function plainFit(
  gradient: (x: Vector, key: Key) => Vector,
  p: { readonly mean: Vector; readonly deviation: number },
  start: { readonly mean: Vector; readonly deviation: number },
  { steps, rate, optimizer, divergence, key }: PlainFit,
): { m: number[]; v: number[] } {
  const n = p.mean.length
  let [m, v] = [[...start.mean], start.mean.map(() => Math.log(start.deviation))]
  let [first, second] = [new Array<number>(2 * n).fill(0), new Array<number>(2 * n).fill(0)]
  for (let k = 0; k < steps; k++) {
    const z = drawnBy(key.fold(k), n)
    const x = m.map((c, i) => c + Math.exp(v[i]!) * z[i]!)
    const G = gradient(x, key.fold(k).fold('gradient'))
    const pull = (at: Vector) => at.map((c, i) => (c - p.mean[i]!) / p.deviation ** 2)
    const sampled = divergence === 'sampled'
    const gm = plus([1, G], [1, pull(sampled ? x : m)])
    const gv = v.map((c, i) =>
      sampled
        ? (G[i]! + pull(x)[i]!) * z[i]! * Math.exp(c) - 1
        : G[i]! * z[i]! * Math.exp(c) + Math.exp(2 * c) / p.deviation ** 2 - 1,
    )
    if (optimizer === 'normalised') {
      m = plus([1, m], [-rate / (length(gm) + 1e-8), gm])
      v = plus([1, v], [-rate / (length(gv) + 1e-8), gv])
      continue
    }
    const g = [...gm, ...gv]
    first = first.map((c, i) => 0.9 * c + 0.1 * g[i]!)
    second = second.map((c, i) => 0.999 * c + 0.001 * g[i]! ** 2)
    const step = first.map((c, i) => {
      const [mean, square] = [c / (1 - 0.9 ** (k + 1)), second[i]! / (1 - 0.999 ** (k + 1))]
      return (rate * mean) / (Math.sqrt(square) + 1e-8)
    })
    m = plus([1, m], [-1, step.slice(0, n)])
    v = plus([1, v], [-1, step.slice(n)])
  }
  return { m, v }
}

/** A draw of a fit. */
export const drawOf = ({ m, v }: { m: Vector; v: Vector }, z: Vector): number[] =>
  m.map((c, i) => c + Math.exp(v[i]!) * z[i]!)
