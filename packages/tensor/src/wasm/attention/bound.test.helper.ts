import type { HostView } from '../../reference/host.ts'
import { packed } from '../../reference/host.ts'
import { sizeOf } from '../../shape.ts'

/** Unit roundoff of float32. */
const u = 2 ** -24
/** Relative error of 2ˣ: `math-softmax.test.ts` holds `exp2Down` to it; what is below 2⁻¹²⁶ may be lost. */
const [powerError, lost] = [4 * u, 2 ** -125]
/** For products of two errors, and for all that is done in float64. */
const secondOrder = 1.01

/** Relative error of k roundings, and more than that of fewer than 2¹⁶ (Higham, Accuracy and Stability, lemma 3.1). */
const gamma = (k: number): number => (k * u) / (1 - k * u)

/** Most roundings of a sum of weights: 64 in a row, then the sums of them. */
const roundingsOfSum = (keys: number): number => Math.min(64, keys) + Math.ceil(keys / 64)
/** Most roundings of a product that sums over keys, in pieces of at least 160 of them. */
const roundingsOfPieces = (keys: number): number => keys + Math.ceil(keys / 160)

/** Bounds of the errors of attention and of its gradients, in the order of the primitives' results. */
export interface AttentionBounds {
  readonly attention: Float64Array
  readonly attentionGrad: Float64Array
}

/** Σ over `count` of a term. */
function total(count: number, term: (i: number) => number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += term(i)
  return sum
}

/**
 * How far each element may be from the exact one, rounded to float32. For one query, with scores s_n = Σ_c q_c k_cn, weights
 * p_n = exp(scale·s_n)/Σ and γ_k the error of k roundings, to first order:
 *
 * - a score takes d roundings, and 4 more as a power of two: scale, log₂e, their product and that with s. The largest is
 *   subtracted, the same for all keys, which changes no weight: only the rounding of the difference counts. So 2ˣ is off
 *   by ε_n = γ_(d+4)·|scale|·Σ_c|q_c k_cn| + u·|scale|·(s_max − s_n), and by {@link powerError};
 * - a weight by φ_n = θ_n + Σ_m p_m θ_m + γ of the sum and 2 roundings more, θ_n = ε_n + {@link powerError}, relative;
 * - a result Σ_n v_n p_n by Σ_n|v_n| p_n (φ_n + γ_keys).
 *
 * Backward, with dp_n = Σ_c dy_c v_cn, I = Σ_n p_n dp_n and slopes ds_n = scale·p_n·(dp_n − I):
 *
 * - dp_n is off by δ_n = γ_e·Σ_c|dy_c v_cn|, I by ι = Σ_n p_n ((φ_n + γ_(keys+1))·|dp_n| + δ_n);
 * - a slope by |scale|·p_n·((φ_n + 4u)·|dp_n − I| + δ_n + ι);
 * - dv, dq and dk are products over queries or keys of weights and slopes: their errors times the other factor, and γ.
 *
 * Products of several threads are sums in another order, which γ of all their terms holds for. Errors of 1,000 random cases
 * use 0.20 of the bound forward and 0.12 backward.
 * @param inputs - Queries [… d, M], keys [… d, N], values [… e, N] and the gradient of the result [… e, M].
 */
export function attentionBounds(inputs: readonly HostView[], scale: number): AttentionBounds {
  const [qs, ks, vs, dys] = inputs as readonly [HostView, HostView, HostView, HostView]
  const heads = sizeOf(qs.shape.slice(0, -2))
  const [d, queries] = qs.shape.slice(-2) as [number, number]
  const [e, keys] = vs.shape.slice(-2) as [number, number]
  const [allQ, allK, allV, allDy] = [packed(qs), packed(ks), packed(vs), packed(dys)]
  const attention = new Float64Array(heads * e * queries)
  const [sizeQ, sizeK] = [heads * d * queries, heads * keys * d]
  const attentionGrad = new Float64Array(sizeQ + sizeK + heads * keys * e)
  const overKeys = gamma(roundingsOfPieces(keys))
  const overQueries = gamma(queries + 2)
  const [p, pError, dp, dpError, ds, dsError] = Array.from({ length: 6 }, () => new Float64Array(keys)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  for (let head = 0; head < heads; head++) {
    const k = (c: number, n: number) => allK[(head * d + c) * keys + n]!
    const v = (c: number, n: number) => allV[(head * e + c) * keys + n]!
    for (let query = 0; query < queries; query++) {
      const q = (c: number) => allQ[(head * d + c) * queries + query]!
      const dy = (c: number) => allDy[(head * e + c) * queries + query]!
      const scores = p.map((_, n) => scale * total(d, (c) => q(c) * k(c, n)))
      const top = scores.reduce((most, s) => Math.max(most, s), Number.NEGATIVE_INFINITY)
      const powers = scores.map((s) => Math.exp(s - top))
      const sum = total(keys, (n) => powers[n]!)
      const off = scores.map(
        (s, n) =>
          gamma(d + 4) * Math.abs(scale) * total(d, (c) => Math.abs(q(c) * k(c, n))) +
          u * (top - s) +
          powerError,
      )
      const mean = total(keys, (n) => (powers[n]! / sum) * off[n]!) + gamma(roundingsOfSum(keys) + 2)
      for (let n = 0; n < keys; n++) {
        p[n] = powers[n]! / sum
        pError[n] = p[n]! * (off[n]! + mean) + lost
        dp[n] = total(e, (c) => dy(c) * v(c, n))
        dpError[n] = gamma(e) * total(e, (c) => Math.abs(dy(c) * v(c, n)))
      }
      const inner = total(keys, (n) => p[n]! * dp[n]!)
      const innerError = total(
        keys,
        (n) => (pError[n]! + gamma(keys + 1) * p[n]!) * Math.abs(dp[n]!) + p[n]! * dpError[n]!,
      )
      for (let n = 0; n < keys; n++) {
        const apart = Math.abs(dp[n]! - inner)
        ds[n] = Math.abs(scale) * p[n]! * apart
        dsError[n] =
          Math.abs(scale) * ((pError[n]! + 4 * u * p[n]!) * apart + p[n]! * (dpError[n]! + innerError))
      }
      for (let c = 0; c < e; c++) {
        const at = (head * e + c) * queries + query
        attention[at] = total(keys, (n) => Math.abs(v(c, n)) * (pError[n]! + overKeys * p[n]!))
        attention[at]! += u * Math.abs(total(keys, (n) => v(c, n) * p[n]!))
        for (let n = 0; n < keys; n++)
          attentionGrad[sizeQ + sizeK + (head * keys + n) * e + c]! +=
            Math.abs(dy(c)) * (pError[n]! + (overQueries + u) * p[n]!)
      }
      for (let c = 0; c < d; c++) {
        attentionGrad[(head * d + c) * queries + query] = total(
          keys,
          (n) => Math.abs(k(c, n)) * (dsError[n]! + (overKeys + u) * ds[n]!),
        )
        for (let n = 0; n < keys; n++)
          attentionGrad[sizeQ + (head * keys + n) * d + c]! +=
            Math.abs(q(c)) * (dsError[n]! + (overQueries + u) * ds[n]!)
      }
    }
  }
  // What is too small for a float32 is lost: of a result, and of each of its terms.
  const least = (keys + queries) * 2 ** -149
  return {
    attention: attention.map((x) => secondOrder * x + least),
    attentionGrad: attentionGrad.map((x) => secondOrder * x + least),
  }
}
