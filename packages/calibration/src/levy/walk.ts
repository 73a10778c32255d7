import type { Stream } from '../posteriors/stream.ts'
import type { Increments } from './increments.ts'

/** A Markov chain on signals of a posterior. */
export interface GibbsChain {
  /** One sweep over all unknowns; x after it, valid until the next. */
  sweep(): Float64Array
}

/**
 * Gibbs sampling of x given y = x + σ·ε, x a sum of increments whose variances are random: given these x is a Gaussian walk,
 * drawn by Kalman's filter forwards and sampling backwards; given x each variance has its own law. Of a law with an atom at
 * 0, whether each increment jumps is drawn first, x integrated out, by messages from both sides. O(d) a sweep.
 */
export function walkChain(y: ArrayLike<number>, sigma: number, law: Increments, stream: Stream): GibbsChain {
  const d = y.length
  const R = sigma ** 2
  const x = new Float64Array(d)
  const v = new Float64Array(d).fill(1)
  const jumping = new Uint8Array(d).fill(1)
  const [m, P] = [new Float64Array(d), new Float64Array(d)]
  const [lambda, eta] = [new Float64Array(d), new Float64Array(d)]
  // Begins at the measurement, where a jump may be anywhere.
  for (let i = 0; i < d; i++) v[i] = law.variance((y[i] ?? 0) - (y[i - 1] ?? 0), stream)
  const w = (i: number): number => (jumping[i] ? (v[i] ?? 0) : 0)

  /** p(y_i … y_d | x_i) ∝ exp(−½λx² + ηx). */
  function messages(): void {
    let [l, e] = [0, 0]
    for (let i = d - 1; i >= 0; i--) {
      lambda[i] = l += 1 / R
      eta[i] = e += (y[i] ?? 0) / R
      const shrunk = 1 / (1 + w(i) * l)
      l *= shrunk
      e *= shrunk
    }
  }
  /** log ∫ N(x; mean, variance)·exp(−½λx² + ηx) dx. */
  function evidence(i: number, mean: number, variance: number): number {
    const [l, e] = [lambda[i] ?? 0, eta[i] ?? 0]
    const spread = 1 + variance * l
    return ((e * e * variance + 2 * e * mean - l * mean * mean) / spread - Math.log(spread)) / 2
  }
  function forwards(): void {
    let [mean, variance] = [0, 0]
    for (let i = 0; i < d; i++) {
      if (law.jumps) {
        const { probability } = law.jumps
        const odds =
          Math.log(probability / (1 - probability)) +
          evidence(i, mean, variance + (v[i] ?? 0)) -
          evidence(i, mean, variance)
        jumping[i] = stream.uniform() < 1 / (1 + Math.exp(-odds)) ? 1 : 0
      }
      const predicted = variance + w(i)
      mean += (predicted / (predicted + R)) * ((y[i] ?? 0) - mean)
      variance = (predicted * R) / (predicted + R)
      m[i] = mean
      P[i] = variance
    }
  }
  function backwards(): void {
    let next = 0
    for (let i = d - 1; i >= 0; i--) {
      const [mean, variance] = [m[i] ?? 0, P[i] ?? 0]
      const own = i === d - 1 ? Infinity : w(i + 1)
      const gain = own === Infinity ? 0 : own === 0 ? 1 : variance / (variance + own)
      const left = own === Infinity ? variance : gain * own
      next = gain === 1 ? next : mean + gain * (next - mean) + Math.sqrt(left) * stream.normal()
      x[i] = next
    }
  }
  return {
    sweep: () => {
      if (law.jumps) messages()
      forwards()
      backwards()
      for (let i = 0; i < d; i++)
        v[i] = jumping[i]
          ? law.variance((x[i] ?? 0) - (x[i - 1] ?? 0), stream)
          : (law.jumps?.variance(stream) ?? 0)
      return x
    },
  }
}
