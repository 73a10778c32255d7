/** Euler's constant. */
const gamma = 0.5772156649015329

/**
 * J₀ and Y₀ up to `far` by Miller's recurrence: J_{n−1} = (2n/x)·J_n − J_{n+1} downward from where J is nothing, scaled by
 * J₀ + 2ΣJ_{2k} = 1, and Neumann's Y₀ = (2/π)(ln(x/2) + γ)·J₀ − (4/π)·Σ(−1)^k J_{2k}/k. No sum cancels.
 */
function near(x: number): readonly [j0: number, y0: number] {
  const start = 2 * Math.ceil((x + 30) / 2)
  let [above, here, total, series] = [0, 1e-280, 0, 0]
  for (let n = start; n > 0; n--) {
    if (n % 2 === 0) {
      total += 2 * here
      series += (n % 4 === 0 ? 1 : -1) * (here / (n / 2))
    }
    ;[above, here] = [here, ((2 * n) / x) * here - above]
  }
  const scale = 1 / (total + here)
  const j0 = here * scale
  return [j0, (2 / Math.PI) * (Math.log(x / 2) + gamma) * j0 - (4 / Math.PI) * series * scale]
}

/**
 * From `far` on by Hankel's expansion √(2/(πx))·(P·cos χ ∓ Q·sin χ), χ = x − π/4, whose terms shrink until about 2x of
 * them: what is left is below e^{−2x}.
 */
function distant(x: number): readonly [j0: number, y0: number] {
  let [term, p, q] = [1, 1, 0]
  for (let k = 1; k < 2 * x; k++) {
    const next = term * (-((2 * k - 1) ** 2) / (k * 8 * x))
    if (Math.abs(next) < 1e-18 || Math.abs(next) > Math.abs(term)) break
    term = next
    const turned = k % 4 < 2 ? term : -term // i^k
    if (k % 2 === 0) p += turned
    else q += turned
  }
  const [chi, size] = [x - Math.PI / 4, Math.sqrt(2 / (Math.PI * x))]
  return [size * (p * Math.cos(chi) - q * Math.sin(chi)), size * (p * Math.sin(chi) + q * Math.cos(chi))]
}

/** Where the expansion takes over: its rest, e^{−2·25}, is far below rounding. */
const far = 25

/**
 * The Bessel functions J₀ and Y₀ of x > 0, to about 2·10⁻¹⁵ of the larger of 1 and |Y₀| up to 25, and to about x·10⁻¹⁶ of
 * their size √(2/(πx)) beyond, where the cosine of a large number has no more digits.
 *
 * @example
 * ```ts
 * import { besselZero } from '@tweedie/solvers'
 * besselZero(1) // ≈ [0.76519769, 0.08825696]
 * ```
 */
export const besselZero = (x: number): readonly [j0: number, y0: number] => (x < far ? near(x) : distant(x))
