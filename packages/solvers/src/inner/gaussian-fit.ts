import { adam } from '@tweedie/autograd'
import type { Key, Tensor } from '@tweedie/tensor'
import { exp, normal, scope, treeLeaves, treeMap } from '@tweedie/tensor'
import { sampleNorms } from '../run/residual.ts'

/** N(mean, diag(exp(logDeviation))²), both [N, …]. */
export interface DiagonalGaussian {
  readonly mean: Tensor
  readonly logDeviation: Tensor
}

/** N(mean, deviation²·I). */
export interface RoundGaussian {
  /** [N, …]. */
  readonly mean: Tensor
  readonly deviation: number
}

/** How a fit steps: Adam, or along the unit vector of each sample's gradient, of the mean and of the log-deviation apart. */
export const fitOptimizers = ['normalised', 'adam'] as const

/** Options of {@link gaussianFit}. */
export interface GaussianFitOptions {
  readonly steps: number
  /** Of Adam; of normalised steps their length. */
  readonly learningRate: number
  readonly optimizer?: (typeof fitOptimizers)[number]
  /** KL(q ‖ p) in closed form (default), or of the same draw as the potential. */
  readonly divergence?: 'closed' | 'sampled'
  /** One key per sample; update k draws from its key folded by k. */
  readonly keys: readonly Key[]
}

/** Normal numbers like x, from the keys of the samples. */
export const normalLike = (keys: readonly Key[], x: Tensor): Tensor =>
  normal(keys, x.shape.slice(1), { dtype: x.dtype, device: x.device })

/** Where the law lies at z ~ N(0, I): mean + exp(logDeviation)·z. */
export const placed = ({ mean, logDeviation }: DiagonalGaussian, z: Tensor): Tensor =>
  mean.add(exp(logDeviation).mul(z))

/** p − rate·g/‖g‖, the norm that of each sample, with 1e-8 added as Adam has it. */
const normalised = (learningRate: number) => ({
  init: () => ({}),
  update: (gradient: DiagonalGaussian, state: object, at: DiagonalGaussian) => {
    const step = (p: Tensor, g: Tensor) => p.sub(g.mul(learningRate).div(sampleNorms(g).add(1e-8)))
    const params = {
      mean: step(at.mean, gradient.mean),
      logDeviation: step(at.logDeviation, gradient.logDeviation),
    }
    return { params, state }
  },
})

/**
 * A diagonal Gaussian q fitted to p(x)·g(x), p = N(μ, s²I): a few updates of min_q E_q[−log g(x)] + KL(q ‖ p), one draw
 * x = m + e^v·z in each, by the gradients, with G = −∇log g(x),
 *
 *     of m:  G + (m − μ)/s²,     of v:  G·z·e^v + e^{2v}/s² − 1,
 *
 * or with `sampled` (x − μ)/s² beside G in both, in place of the closed form.
 *
 * @param gradient - x ↦ G of a batch, and keys for what it draws itself.
 * @param start - Where to begin; stays valid.
 * @throws {OptionError} for a rate that is not above 0.
 * @example
 * ```ts
 * import { gaussianFit } from '@tweedie/solvers'
 * import { randomKey, type Tensor, tensor, zeros } from '@tweedie/tensor'
 * const flat = (x: Tensor) => x.mul(0) // g = 1: q goes to p
 * const start = { mean: tensor([[1]]), logDeviation: zeros([1, 1]) }
 * const options = { steps: 200, learningRate: 0.05, keys: [randomKey(1)] }
 * const { mean } = gaussianFit(flat, { mean: tensor([[3]]), deviation: 0.5 }, start, options)
 * Math.abs(mean.dataSync()[0]! - 3) < 0.05 // => true
 * ```
 */
export function gaussianFit(
  gradient: (x: Tensor, keys: readonly Key[]) => Tensor,
  p: RoundGaussian,
  start: DiagonalGaussian,
  options: GaussianFitOptions,
): DiagonalGaussian {
  const { steps, learningRate, keys, optimizer = 'adam', divergence = 'closed' } = options
  const { init, update } = optimizer === 'adam' ? adam({ learningRate }) : normalised(learningRate)
  const precision = 1 / p.deviation ** 2
  const given = new Set(treeLeaves(start))
  return scope(() => {
    let at = { params: start, state: init(start) as ReturnType<typeof init> }
    for (let k = 0; k < steps; k++) {
      const next = scope(() => {
        const drawn = keys.map((key) => key.fold(k))
        const z = normalLike(drawn, at.params.mean)
        const spread = exp(at.params.logDeviation)
        const x = at.params.mean.add(spread.mul(z))
        const own = gradient(
          x,
          drawn.map((key) => key.fold('gradient')),
        )
        const pull = (from: Tensor) => from.sub(p.mean).mul(precision)
        const gradients =
          divergence === 'closed'
            ? {
                mean: own.add(pull(at.params.mean)),
                logDeviation: own.mul(z).mul(spread).add(spread.square().mul(precision)).sub(1),
              }
            : { mean: own.add(pull(x)), logDeviation: own.add(pull(x)).mul(z).mul(spread).sub(1) }
        return update(gradients, at.state as never, at.params)
      })
      for (const old of treeLeaves(at)) if (!given.has(old)) old.dispose()
      at = next as typeof at
    }
    return treeMap(at.params, (leaf) => (given.has(leaf) ? leaf.detach() : leaf))
  })
}
