import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, ShapeError } from '@tweedie/tensor'
import { buildMatrix } from '../linalg/host-matrix.ts'
import { matrixSvd } from '../linalg/matrix-svd.ts'
import type { Guidance } from './guided.ts'

/** Options of {@link stateGradient}. */
export interface StateGradientOptions {
  /** τ, the share of ‖X‖_F² of a channel that is kept; 0.99 where left out. */
  readonly variance?: number | undefined
  /** Every how manieth step is projected, from the first on; 1 where left out. */
  readonly period?: number | undefined
}

/**
 * Diffusion state-guided projected gradients (DiffStateGrad; Zirvi, Tolooshams & Anandkumar, arXiv 2410.03463, Algorithm 1), a
 * plug-in of any guidance: what the guidance adds, G, is projected on the leading singular subspaces of the state. Of each
 * sample and channel, X = U Σ Vᵀ the picture x_t [H, W],
 *
 *     G ← U_rU_rᵀ G V_rV_rᵀ,     r the least rank with Σ_{i≤r} σ_i² ≥ τ·Σσ_i²:
 *
 * G may move x_t along what it is made of, and not out of it. G is the shift of x_s where the guidance has one, and else what
 * it moves x̂₀ by. r is each channel's own (the authors' code takes one for all channels of a picture).
 *
 * The decomposition is on the host, of time H·W·min(H, W) for each channel: for pictures of up to some hundreds of pixels.
 *
 * @throws {OptionError} for options out of range; {ShapeError} where a sample has no two axes.
 * @throws {DeviceError} on a device that the host cannot read at once.
 * @example
 * ```ts
 * import { byScore, conditioned, dpsLikelihood, gaussianNoise, gaussianPrior, inpaint, stateGradient } from '@tweedie/solvers'
 * import { ones, zeros } from '@tweedie/tensor'
 * const shape = [1, 4, 4]
 * const prior = gaussianPrior({ mean: new Array(16).fill(0), covariance: 1, shape })
 * const operator = inpaint(shape, { box: 2 })
 * const problem = { operator, noise: gaussianNoise(0.1), y: zeros([1, ...operator.outShape]) }
 * const projected = conditioned(prior, stateGradient(byScore(dpsLikelihood(problem))))
 * projected.denoise(ones([1, ...shape]), 500).shape // => [1, 1, 4, 4]
 * ```
 */
export function stateGradient(guidance: Guidance, options: StateGradientOptions = {}): Guidance {
  const { variance = 0.99, period = 1 } = options
  if (!(variance > 0 && variance <= 1))
    throw new OptionError('variance', `must lie above 0 and up to 1, got ${variance}`)
  if (!(Number.isInteger(period) && period > 0))
    throw new OptionError('period', `must be a positive integer, got ${period}`)
  return {
    ...guidance,
    at: (look, step) => {
      const guided = guidance.at(look, step)
      if ((step?.i ?? 0) % period !== 0) return guided
      const project = projectorOf(look.x, variance)
      const { x0, shift, guidance: shown, ...rest } = guided
      if (shift !== undefined) return { ...rest, x0, shift: project(shift) }
      const moved = look.x0hat.add(project(x0.sub(look.x0hat)))
      return { ...rest, x0: moved, ...(shown === undefined ? {} : { guidance: project(shown) }) }
    },
  }
}

/** G ↦ U_rU_rᵀ G V_rV_rᵀ of each channel of x [N, …, H, W]. */
function projectorOf(x: Tensor, share: number): (G: Tensor) => Tensor {
  if (x.rank < 3) throw new ShapeError('stateGradient', 'needs pictures [N, …, H, W]', [x.shape])
  const [h = 0, w = 0] = x.shape.slice(-2)
  const channels = x.size / (h * w)
  const state = x.dataSync()
  const [left, right] = [new Float64Array(channels * h * h), new Float64Array(channels * w * w)]
  for (let c = 0; c < channels; c++) {
    const { u, s, v } = matrixSvd(buildMatrix(h, w, (i, j) => state[(c * h + i) * w + j] ?? Number.NaN))
    const kept = leading(s, share)
    for (let i = 0; i < h; i++)
      for (let j = 0; j < h; j++) left[(c * h + i) * h + j] = overlap(u.data, w, i, j, kept)
    for (let i = 0; i < w; i++)
      for (let j = 0; j < w; j++) right[(c * w + i) * w + j] = overlap(v.data, w, i, j, kept)
  }
  const like = { dtype: x.dtype, device: x.device }
  const batch = x.shape.slice(0, -2)
  const [L, R] = [fromData(left, [...batch, h, h], like), fromData(right, [...batch, w, w], like)]
  return (G) => L.matmul(G).matmul(R)
}

/** The indices of the largest values whose squares are the share of all. */
function leading(s: Float64Array, share: number): number[] {
  const order = Array.from(s.keys()).sort((i, j) => (s[j] ?? 0) - (s[i] ?? 0))
  const goal = share * s.reduce((sum, v) => sum + v * v, 0)
  let sum = 0
  const rank = order.findIndex((i) => (sum += (s[i] ?? 0) ** 2) >= goal * (1 - 1e-12))
  return order.slice(0, rank + 1).filter((i) => (s[i] ?? 0) > 0)
}

/** Σ_k a_ik·a_jk over the columns k of a row-major matrix. */
const overlap = (a: Float64Array, columns: number, i: number, j: number, kept: readonly number[]): number =>
  kept.reduce((sum, k) => sum + (a[i * columns + k] ?? 0) * (a[j * columns + k] ?? 0), 0)
