import type { Matrix } from 'ml-matrix'
import type { Stream } from '../posteriors/stream.ts'
import type { Increments } from './increments.ts'
import type { GibbsChain } from './walk.ts'

/**
 * Gibbs sampling of x given y = A x + σ·ε for any A, in the increments: with H = A·T, T the running sum, u given the variances
 * w is Gaussian of precision HᵀH/σ² + diag(1/w). Of a law with an atom at 0, jumps are drawn one by one with u integrated
 * out: with B = (σ²I + H diag(w) Hᵀ)⁻¹, G = HᵀBH and g = HᵀBy, an increment of variance v that is not in B has odds
 *
 *     p/(1 − p)·(1 + vG_ii)^−½·exp(½vg_i²/(1 + vG_ii)),
 *
 * and taking it in, or out with −v, is an update of rank one of G and g. O(d³) a sweep.
 */
export function measuredChain(
  A: Matrix,
  y: ArrayLike<number>,
  sigma: number,
  law: Increments,
  stream: Stream,
): GibbsChain {
  const d = A.columns
  const { gram, pull } = increments(A, y, sigma)
  const v = new Float64Array(d).fill(1)
  const jumping = new Uint8Array(d).fill(law.jumps ? 0 : 1)
  const [u, x] = [new Float64Array(d), new Float64Array(d)]
  const [G, g, row] = [new Float64Array(d * d), new Float64Array(d), new Float64Array(d)]

  /** Adds variance `by` at increment i. */
  function include(i: number, by: number): void {
    const factor = by / (1 + by * (G[i * d + i] ?? 0))
    for (let j = 0; j < d; j++) row[j] = G[i * d + j] ?? 0
    const own = (g[i] ?? 0) * factor
    for (let j = 0; j < d; j++) {
      const scaled = (row[j] ?? 0) * factor
      g[j] = (g[j] ?? 0) - (row[j] ?? 0) * own
      for (let k = 0; k < d; k++) G[j * d + k] = (G[j * d + k] ?? 0) - scaled * (row[k] ?? 0)
    }
  }
  function flips(probability: number): void {
    G.set(gram)
    g.set(pull)
    for (let i = 0; i < d; i++) if (jumping[i]) include(i, v[i] ?? 0)
    for (let i = 0; i < d; i++) {
      const variance = v[i] ?? 0
      const was = jumping[i]
      // Without i: what taking it out would make of its own entries.
      const spread = 1 - variance * (G[i * d + i] ?? 0)
      const own = was ? (G[i * d + i] ?? 0) / spread : (G[i * d + i] ?? 0)
      const along = was ? (g[i] ?? 0) / spread : (g[i] ?? 0)
      const odds =
        Math.log(probability / (1 - probability)) +
        ((variance * along ** 2) / (1 + variance * own) - Math.log(1 + variance * own)) / 2
      const is = stream.uniform() < 1 / (1 + Math.exp(-odds)) ? 1 : 0
      if (is !== was) include(i, is ? variance : -variance)
      jumping[i] = is
    }
  }

  const L = new Float64Array(d * d)
  const [q, active] = [new Float64Array(d), new Int32Array(d)]
  /** u = √w·q, q of precision I + √w·HᵀH·√w/σ²: well scaled whatever the variances. */
  function amplitudes(): void {
    u.fill(0)
    let k = 0
    for (let i = 0; i < d; i++) if (jumping[i]) active[k++] = i
    const scale = Array.from({ length: k }, (_, a) => Math.sqrt(v[active[a] ?? 0] ?? 0))
    for (let a = 0; a < k; a++) {
      const i = active[a] ?? 0
      for (let b = 0; b <= a; b++) {
        let sum = (scale[a] ?? 0) * (scale[b] ?? 0) * (gram[i * d + (active[b] ?? 0)] ?? 0)
        if (a === b) sum += 1
        for (let c = 0; c < b; c++) sum -= (L[a * d + c] ?? 0) * (L[b * d + c] ?? 0)
        L[a * d + b] = a === b ? Math.sqrt(sum) : sum / (L[b * d + b] ?? 1)
      }
    }
    for (let a = 0; a < k; a++) {
      let sum = (scale[a] ?? 0) * (pull[active[a] ?? 0] ?? 0)
      for (let c = 0; c < a; c++) sum -= (L[a * d + c] ?? 0) * (q[c] ?? 0)
      q[a] = sum / (L[a * d + a] ?? 1)
    }
    for (let a = k - 1; a >= 0; a--) {
      let sum = (q[a] ?? 0) + stream.normal()
      for (let c = a + 1; c < k; c++) sum -= (L[c * d + a] ?? 0) * (q[c] ?? 0)
      q[a] = sum / (L[a * d + a] ?? 1)
    }
    for (let a = 0; a < k; a++) u[active[a] ?? 0] = (scale[a] ?? 0) * (q[a] ?? 0)
  }

  return {
    sweep: () => {
      if (law.jumps) flips(law.jumps.probability)
      amplitudes()
      let sum = 0
      for (let i = 0; i < d; i++) {
        x[i] = sum += u[i] ?? 0
        v[i] = jumping[i] ? law.variance(u[i] ?? 0, stream) : (law.jumps?.variance(stream) ?? 0)
      }
      return x
    },
  }
}

/** HᵀH/σ² and Hᵀy/σ², H = A·T: column j of H is the sum of the columns of A from j on. */
function increments(A: Matrix, y: ArrayLike<number>, sigma: number) {
  const d = A.columns
  const H = A.to2DArray().map((row) => {
    let sum = 0
    return row.reduceRight<number[]>((out, value, j) => {
      out[j] = sum += value
      return out
    }, new Array<number>(d).fill(0))
  })
  const gram = new Float64Array(d * d)
  const pull = new Float64Array(d)
  H.forEach((row, r) => {
    for (let i = 0; i < d; i++) {
      pull[i] = (pull[i] ?? 0) + ((row[i] ?? 0) * (y[r] ?? 0)) / sigma ** 2
      for (let j = 0; j < d; j++)
        gram[i * d + j] = (gram[i * d + j] ?? 0) + ((row[i] ?? 0) * (row[j] ?? 0)) / sigma ** 2
    }
  })
  return { gram, pull }
}
