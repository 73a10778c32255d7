import type { Tensor } from '@tweedie/tensor'
import { zeros } from '@tweedie/tensor'
import { downhillOf } from '../../guidance/downhill.ts'
import { latentLookAt } from '../../guidance/latent-look.ts'
import { spreadAt } from '../../guidance/latent-spread.ts'
import { scaleSteps, stepScale } from '../../guidance/scale.ts'
import { batchOf, sampleSize } from '../../linalg/per-sample.ts'
import { integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { stepping } from '../define.ts'
import { latentMethod } from '../latent-method.ts'

/**
 * Sampling with a surrogate loss of second order (STSL; Rout et al., arXiv 2312.00852). `inner` steps of descent in z_t, then one
 * of DDIM:
 *
 *     z_t ← z_t − ζ·∇( ‖y − A(D(ẑ₀))‖ + (η/d)·T ),     T ≈ tr Cov[z₀ | z_t],     `inner` times;     z_s = DDIM(z_t, ẑ₀(z_t))
 *
 * d numbers in a latent. T is estimated from one probe ε ~ N(0, I) a step, εᵀ(ẑ₀(z_t + δε) − ẑ₀(z_t))·σ_t²/(α_tδ), which but for a
 * constant is σ_t⁴/α_t² times the tr ∇²log p(z_t) of the paper: it draws z_t to where the prior is sure of z₀. Of a Gaussian T does not
 * depend on z_t, and this is LDPS of several gradients a step. A step shows the displacement as `guidance`, and `spread`, T/d.
 *
 * No code of the authors is public. The loss is that of two independent implementations, 0.02 the weight of the second term in one
 * of them, for small problems; that ζ is 0.02 at 1000 steps as well, 20/(inner·steps), is ours (theirs 0.05). δ = 1 as in the paper;
 * 3 inner steps, 100 steps and the DDIM grid are ours.
 *
 * Any differentiable operator and autoencoder. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, linearAutoencoder, matrixOperator, run, stsl } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const autoencoder = linearAutoencoder(tensor([[0.6, 0], [0.8, 0], [0, 1]]))
 * const prior = { ...gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] }), autoencoder }
 * const problem = { operator: matrixOperator(tensor([[0, 0, 1]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(stsl(problem, prior))
 * Math.abs(x.dataSync()[2]! - 1) < 0.3 // => true
 * ```
 */
export const stsl = latentMethod({
  name: 'stsl',
  title: 'Second-order Tweedie sampling from a surrogate loss',
  family: 'latent',
  paper: { arxiv: '2312.00852', algorithm: 'Algorithm 1', authors: 'Rout et al. 2023' },
  needs: ['denoiserVjp', 'operatorVjp'],
  limits:
    'ζ and η are tied to nothing; several gradients a step; a trained denoiser has no exact second moment.',
  steps: 100,
  spacing: 'ddim',
  evaluations: (n, { inner, spread }) => n * (inner * (spread > 0 ? 2 : 1) + 1),
  options: {
    scale: number('ζ, length of a step of descent', { min: 0, otherwise: '20/(inner·steps)' }),
    scaleSteps,
    spread: number('η, weight of the mean spread', { default: 0.02, min: 0 }),
    probe: number('δ, length of the probe', { default: 1, above: 0 }),
    inner: integer('steps of descent before one of DDIM', { default: 3, min: 1 }),
    eta: number("DDIM's η of the reverse step; 1 is ancestral", { default: 0, min: 0, max: 1 }),
  },
  plan: ({ problem: { operator, y }, prior, options, times, noise, z }) => {
    const { scale, scaleSteps, spread, probe, inner, eta } = options
    const zeta =
      scale === undefined ? 20 / (inner * times.length) : stepScale(scale, scaleSteps, times.length)
    const [kernel, { schedule }] = [ddim(eta), prior]
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        let at: Tensor = x
        let mean: Tensor | undefined
        const d = sampleSize(x)
        for (let k = 0; k < inner; k++) {
          const look = latentLookAt(prior, at, t, true)
          const second = spread > 0 ? spreadAt(prior, look, z(i, `probe ${k}`), probe) : undefined
          const { downhill } = downhillOf(operator, y, look.picture)
          const first = look.pullback(look.toLatent(downhill))
          at = at.add((second ? first.sub(second.gradient.mul(spread / d)) : first).mul(zeta))
          mean = second?.trace.div(d) ?? mean
        }
        const z0 = prior.denoise(at, t)
        const picture = prior.autoencoder.decode(z0)
        const residual = residualNorm(operator, y, picture)
        const numbers = { residual, spread: mean ?? zeros([batchOf(x)]) }
        const next = kernel(at, z0, () => z(i, 'step'), { t, s, schedule })
        return { state: { x: next }, shown: { x0hat: picture, guidance: at.sub(x) }, numbers }
      },
    })
  },
})

/** Options of {@link stsl}. */
export type StslOptions = OptionsOf<typeof stsl>
/** A step of {@link stsl}. */
export type StslStep = StepOf<typeof stsl>
